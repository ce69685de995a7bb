"""Which meanings each split contains."""

from __future__ import annotations

from collections.abc import Callable

from cvae_lightning.world.scene import Meaning
from cvae_lightning.world.spelling import check_known

_NOVEL_PAIRS = {
    ("red", "star"),
    ("orange", "cross"),
    ("green", "triangle"),
    ("blue", "diamond"),
    ("purple", "square"),
    ("cyan", "circle"),
}
_NOVEL_COUNTS = {(4, "triangle"), (4, "cross"), (3, "star")}
_NOVEL_RELATIONS = {
    ("circle", "above", "star"),
    ("star", "left of", "circle"),
    ("square", "below", "triangle"),
    ("diamond", "right of", "cross"),
}


def _novel_pair(meaning: Meaning) -> bool:
    return any((group.colour, group.shape) in _NOVEL_PAIRS for group in meaning.groups)


def _novel_count(meaning: Meaning) -> bool:
    return any((group.count, group.shape) in _NOVEL_COUNTS for group in meaning.groups)


def _novel_relation(meaning: Meaning) -> bool:
    first, last = meaning.groups[0], meaning.groups[-1]
    return (first.shape, meaning.relation, last.shape) in _NOVEL_RELATIONS


_NOVEL: dict[str, Callable[[Meaning], bool]] = {
    "novel_pair": _novel_pair,
    "novel_count": _novel_count,
    "novel_relation": _novel_relation,
}

SPLITS: tuple[str, ...] = ("train", "val", "test", *_NOVEL)


def check_split(split: str) -> None:
    """Refuse what is not the name of a split.

    Raises:
        ValueError: there is no such split; the message names the nearest one.
    """
    check_known("split", split, SPLITS)


def split_contains(split: str, meaning: Meaning) -> bool:
    """Whether the split may contain the meaning.

    A novel split contains what its own predicate accepts and the other two do not; training, validation
    and test contain what none of the three accepts.

    Raises:
        ValueError: there is no such split.

    >>> from cvae_lightning.world import Group
    >>> red_star = Meaning((Group(1, "small", "red", "star"),))
    >>> [split for split in SPLITS if split_contains(split, red_star)]
    ['novel_pair']
    """
    check_split(split)
    return all(accepts(meaning) == (name == split) for name, accepts in _NOVEL.items())
