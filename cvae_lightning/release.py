"""The version of the installed package."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("cvae-lightning")
except PackageNotFoundError:  # a copy of the sources that is not installed
    __version__ = "0.0.0"
