"""Packages that only some choices need."""

from __future__ import annotations

from importlib.util import find_spec

from cvae_lightning.errors import UserError


def require(package: str, choice: str) -> None:
    """Raise where a package that a choice needs is not installed.

    Args:
        package: its name, both as a module and to pip.
        choice: what needs it, as the user wrote it.

    Raises:
        UserError: it is absent; the message says how to install it.
    """
    if find_spec(package) is None:
        raise UserError(f"{choice} needs {package}, which is not installed here: pip install {package}")
