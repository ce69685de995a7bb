"""Files of a folder that cannot be used: the first is an error, or all of them are counted and named together."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from cvae_lightning.errors import UserError

MOST_NAMED = 3
"""Files that a message names of each kind."""


class Kind(Enum):
    """What is wrong with a file, in words for one and for several."""

    BARE = ("picture without a caption", "pictures without a caption")
    LONE = ("caption without its picture", "captions without their pictures")
    TWICE = ("second caption of a picture", "second captions of a picture")
    UNREADABLE = ("file that cannot be read", "files that cannot be read")


class Problems:
    """Collects what is wrong with a folder; a strict one raises at the first.

    Args:
        strict: whether to raise at once.

    Example:
        >>> problems = Problems(strict=False)
        >>> problems.add(Kind.BARE, "a.png", "a.png has no caption")
        >>> problems.add(Kind.BARE, "b.png", "b.png has no caption")
        >>> problems.summary()
        '2 pictures without a caption (a.png, b.png)'
    """

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self._found: dict[Kind, list[str]] = {}

    def add(self, kind: Kind, name: str, message: str) -> None:
        """Note a file.

        Args:
            kind: what is wrong.
            name: the file, as the summary names it.
            message: all of it, as a strict collection says it.

        Raises:
            UserError: with the message, if this is strict.
        """
        if self.strict:
            raise UserError(message)
        self._found.setdefault(kind, []).append(name)

    def __bool__(self) -> bool:
        return bool(self._found)

    def summary(self) -> str:
        """Each kind with its count and its first files."""
        parts = [_described(kind, names) for kind, names in self._found.items()]
        return "; ".join(parts)


def _described(kind: Kind, names: Sequence[str]) -> str:
    one, several = kind.value
    return f"{len(names)} {one if len(names) == 1 else several} ({named(names)})"


def named(paths: Sequence[Path | str]) -> str:
    """The first of some files, for a message.

    Example:
        >>> named(["a", "b", "c", "d"])
        'a, b, c, ...'
    """
    return ", ".join(map(str, paths[:MOST_NAMED])) + (", ..." if len(paths) > MOST_NAMED else "")
