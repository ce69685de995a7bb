"""The error for a user's mistake, and the nearest known word for its message."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from cvae_lightning.spelling import nearest


class UserError(ValueError):
    """A mistake in a config, a caption or a file: its message is all that the user needs to see."""


def nearest_hint(word: str, options: Iterable[str]) -> str:
    """``; the nearest is '...'`` for a message, or an empty text where no option is near."""
    found = nearest(word, list(options))
    return f"; the nearest is {found[0]!r}" if found else ""


def at_least_one(**numbers: int) -> None:
    """Raise where a number is less than 1.

    Raises:
        UserError: one of them is less than 1; the message gives its name.
    """
    for name, number in numbers.items():
        if number < 1:
            raise UserError(f"{name}={number}: expected at least 1")


def require_package(package: str, choice: str) -> None:
    """Raise where a package that a choice needs is not installed.

    Args:
        package: its name, both as a module and to pip.
        choice: what needs it, as the user wrote it.

    Raises:
        UserError: it is absent; the message says how to install it.
    """
    if find_spec(package) is None:
        raise UserError(f"{choice} needs {package}, which is not installed here: pip install {package}")
