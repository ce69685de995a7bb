"""What each split of a world withholds from the others, as data; ``membership`` decides by it."""

from __future__ import annotations

from dataclasses import dataclass

from cvae_lightning.world.language import MAX_COUNT
from cvae_lightning.world.plain import MAX_ITEMS, number, sequence, whole, word

COMMON = ("train", "val", "test")
NOVEL = ("novel_pair", "novel_count", "novel_relation", "novel_groups")
_NUMBERED = (*COMMON, "novel_pair", "novel_count", "novel_relation", "heldout", "novel_groups")  # by age
NUMBERS = {name: index for index, name in enumerate(_NUMBERED)}
"""The number of each split that a world may have, which its scenes' random generators are made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """The meanings that training never has, each kind a split of its own.

    Attributes:
        novel_pair: (colour, shape) pairs.
        diagonals: how many diagonals of the grid of all colours and shapes are novel pairs too. Diagonal d has the
            pairs of colour i and shape i + d, counted from 0 in the world's order and round the end of the shapes.
        novel_count: (count, shape) pairs.
        novel_relation: (shape of a group, relation, shape of the next group).
        both_wordings: whether ``novel_relation`` also withholds the same relation said the other way round.
        novel_groups: numbers of groups of a caption, from 3.
        group_exceptions: share of the contents with such a number of groups that training has nevertheless, by a hash.
        heldout: share of all contents that are held out, chosen by a hash.

    Raises:
        ValueError: a field is something else; the message names it.

    >>> Splits(novel_pair=(("red", "star"),)).names
    ('train', 'val', 'test', 'novel_pair')
    """

    novel_pair: tuple[tuple[str, str], ...] = ()
    diagonals: int = 0
    novel_count: tuple[tuple[int, str], ...] = ()
    novel_relation: tuple[tuple[str, str, str], ...] = ()
    both_wordings: bool = True
    novel_groups: tuple[int, ...] = ()
    group_exceptions: float = 0.0
    heldout: float = 0.0

    def __post_init__(self) -> None:
        def rows(name: str, length: int) -> list[tuple[object, ...]]:
            items = sequence(f"splits.{name}", getattr(self, name))
            return [tuple(sequence(f"splits.{name}", item, length)) for item in items]

        pairs = tuple(tuple(word("splits.novel_pair", part) for part in row) for row in rows("novel_pair", 2))
        counts = tuple(
            (whole("a count of splits.novel_count", count, 1, MAX_COUNT), word("splits.novel_count", shape))
            for count, shape in rows("novel_count", 2)
        )
        triples = tuple(tuple(word("splits.novel_relation", part) for part in row) for row in rows("novel_relation", 3))
        for name, value in (("novel_pair", pairs), ("novel_count", counts), ("novel_relation", triples)):
            object.__setattr__(self, name, value)
        numbers = sequence("splits.novel_groups", self.novel_groups)
        groups = tuple(whole("a number of splits.novel_groups", item, 3, MAX_ITEMS) for item in numbers)
        object.__setattr__(self, "novel_groups", groups)
        exceptions = number("splits.group_exceptions", self.group_exceptions, 0, 0.5)
        object.__setattr__(self, "group_exceptions", exceptions)
        object.__setattr__(self, "diagonals", whole("splits.diagonals", self.diagonals, 0, MAX_ITEMS))
        object.__setattr__(self, "heldout", number("splits.heldout", self.heldout, 0, 0.9))
        if self.heldout + self.group_exceptions >= 1:
            raise ValueError(
                f"splits.heldout is {self.heldout} and splits.group_exceptions is {self.group_exceptions}: "
                "expected less than 1 together"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The splits that the world has, the three that are drawn alike first."""
        novel = tuple(name for name in NOVEL if getattr(self, name) or (name == "novel_pair" and self.diagonals))
        return (*COMMON, *novel, *(("heldout",) if self.heldout else ()))
