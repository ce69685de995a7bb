"""What exists and what a caption can mean: things in a scene, groups in a meaning, and when the two agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Protocol, TypeVar

from cvae_lightning.world.outlines import SHAPES as SHAPES
from cvae_lightning.world.spelling import check_known

RGB = tuple[int, int, int]

BACKGROUND: RGB = (250, 250, 250)

COLOURS: dict[str, RGB] = {
    "red": (220, 40, 40),
    "orange": (245, 140, 30),
    "yellow": (240, 215, 40),
    "green": (45, 160, 70),
    "cyan": (40, 190, 205),
    "blue": (45, 80, 215),
    "purple": (135, 60, 180),
    "black": (25, 25, 25),
}

# Nominal radius of each size, as a fraction of the canvas side.
SIZES: dict[str, float] = {"small": 0.080, "medium": 0.115, "large": 0.165}

# The largest count of a group of each size.
MAX_COUNTS: dict[str, int] = {"small": 5, "medium": 3, "large": 2}

RELATIONS: tuple[str, ...] = ("above", "below", "left of", "right of")

# The word for a shape, colour or size that the detector cannot decide on; no caption has it.
UNCLEAR = "unclear"


class ThingLike(Protocol):
    """What groups and relations ask of a thing, whether it was placed (``Thing``) or detected (``Detection``)."""

    @property
    def shape(self) -> str: ...
    @property
    def colour(self) -> str: ...
    @property
    def size(self) -> str: ...
    @property
    def x(self) -> float: ...
    @property
    def y(self) -> float: ...


AnyThing = TypeVar("AnyThing", bound=ThingLike)


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing on the canvas.

    Attributes:
        shape, colour, size: keys of ``SHAPES``, ``COLOURS`` and ``SIZES``.
        x, y: its centre as fractions of the canvas side, from the top-left corner, y down.
        r: its radius as a fraction of the canvas side.

    Raises:
        ValueError: an unknown word, a centre outside the canvas or a radius that is not positive.

    >>> Thing("circle", "red", "small", x=0.25, y=0.5, r=0.08).colour
    'red'
    """

    shape: str
    colour: str
    size: str
    x: float
    y: float
    r: float

    def __post_init__(self) -> None:
        check_known("shape", self.shape, SHAPES)
        check_known("colour", self.colour, COLOURS)
        check_known("size", self.size, SIZES)
        if not (0 <= self.x <= 1 and 0 <= self.y <= 1):
            raise ValueError(f"centre is ({self.x}, {self.y}): expected fractions of the side, 0 to 1")
        if not (isfinite(self.r) and self.r > 0):
            raise ValueError(f"radius is {self.r}: expected a positive fraction of the side")


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything on one canvas; the order of the things has no meaning.

    >>> len(Scene((Thing("circle", "red", "small", x=0.25, y=0.5, r=0.08),)).things)
    1
    """

    things: tuple[Thing, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Things of one kind, such as three small red circles.

    Attributes:
        count: how many things, from 1 to ``max_count(size)``.
        size: a key of ``SIZES``, or None where it is not specified: any size is right then.
        colour: a key of ``COLOURS``, or None where it is not specified: any colour is right then.
        shape: one of ``SHAPES``.

    Raises:
        ValueError: an unknown word, or more things than a group of that size may have.

    >>> group = Group(3, "small", "red", "circle")
    >>> group.names(Thing("circle", "red", "large", x=0.25, y=0.5, r=0.165))
    True
    """

    count: int
    size: str | None
    colour: str | None
    shape: str

    def __post_init__(self) -> None:
        if self.size is not None:
            check_known("size", self.size, SIZES)
        if self.colour is not None:
            check_known("colour", self.colour, COLOURS)
        check_known("shape", self.shape, SHAPES)
        if self.count not in range(1, max_count(self.size) + 1):
            of_size = f"{self.size} things" if self.size else "things"
            raise ValueError(f"count is {self.count}: expected 1 to {max_count(self.size)} {of_size} per group")

    def names(self, thing: ThingLike) -> bool:
        """Whether the thing has the group's shape and colour, whatever its size; an unclear colour is never right."""
        right_colour = thing.colour != UNCLEAR if self.colour is None else thing.colour == self.colour
        return right_colour and thing.shape == self.shape

    def holds(self, things: Sequence[ThingLike]) -> bool:
        """Whether these things, all of which the group names, have its count and size; an unclear size is never right.

        Args:
            things: the things of an image or scene for which ``names`` is true.
        """
        sizes = {thing.size for thing in things}
        right_size = UNCLEAR not in sizes if self.size is None else sizes == {self.size}
        return right_size and len(things) == self.count


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a caption says: one group, two groups joined, or two groups in relation.

    Attributes:
        groups: one or two groups; two differ in colour or shape.
        relation: one of ``RELATIONS``, from the first group to the second, or None.

    Raises:
        ValueError: the groups or the relation make none of the three forms.

    >>> meaning = Meaning((Group(1, "small", "red", "circle"),))
    >>> meaning.holds(Scene((Thing("circle", "red", "small", x=0.25, y=0.5, r=0.08),)))
    True
    """

    groups: tuple[Group, ...]
    relation: str | None = None

    def __post_init__(self) -> None:
        if len(self.groups) not in (1, 2):
            raise ValueError(f"a meaning has {len(self.groups)} groups: expected 1 or 2")
        if self.relation is not None:
            check_known("relation", self.relation, RELATIONS)
            if len(self.groups) == 1:
                raise ValueError(f"{self.relation!r} needs 2 groups: this meaning has 1")
        if len(self.groups) == 2 and same_kind(*self.groups):
            first, second = (f"{group.colour or 'any'} {group.shape}" for group in self.groups)
            raise ValueError(f"both groups are of one kind, {first!r} and {second!r}: expected another colour or shape")

    @property
    def form(self) -> str:
        """``one`` group, two ``joined``, or two in ``relation``."""
        if len(self.groups) == 1:
            return "one"
        return "joined" if self.relation is None else "relation"

    def holds(self, scene: Scene) -> bool:
        """Whether the scene has exactly these things, no others, and the relation between them."""
        named = self.named(scene.things)
        if sum(map(len, named)) != len(scene.things):
            return False
        if not all(group.holds(things) for group, things in zip(self.groups, named, strict=True)):
            return False
        return self.relation is None or related(self.relation, *named)

    def named(self, things: Iterable[AnyThing]) -> list[list[AnyThing]]:
        """The things that each group names, group by group, in the order given."""
        given = list(things)
        return [[thing for thing in given if group.names(thing)] for group in self.groups]


def max_count(size: str | None) -> int:
    """The largest count of one group of that size; of any size for None."""
    return max(MAX_COUNTS.values()) if size is None else MAX_COUNTS[size]


def same_kind(first: Group, second: Group) -> bool:
    """Whether one thing could belong to both groups: same shape, and same colour or a colour not specified."""
    same_colour = first.colour == second.colour or None in (first.colour, second.colour)
    return same_colour and first.shape == second.shape


def related(relation: str, first: Sequence[ThingLike], second: Sequence[ThingLike]) -> bool:
    """Whether every centre of ``first`` is above (below, ...) every centre of ``second``.

    Args:
        relation: one of ``RELATIONS``.
        first, second: things, at least one in each.
    """
    if relation in ("below", "right of"):
        first, second = second, first
    if relation in ("above", "below"):
        return max(t.y for t in first) < min(t.y for t in second)
    return max(t.x for t in first) < min(t.x for t in second)
