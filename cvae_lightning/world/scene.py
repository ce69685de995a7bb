"""What exists and what a caption can mean: things in a scene, groups in a meaning, and when the two agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, TypeVar

OPPOSITES = {"above": "below", "below": "above", "left of": "right of", "right of": "left of"}
"""Each relation that a world may have, with the one that says the same of two groups in the other order."""
RELATIONS = tuple(OPPOSITES)

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
        shape, colour, size: words of a world's ``shapes``, ``colours`` and ``sizes``.
        x, y: its centre as fractions of the canvas side, from the top-left corner, y down.
        r: its radius as a fraction of the canvas side.

    >>> Thing("circle", "red", "small", x=0.25, y=0.5, r=0.08).colour
    'red'
    """

    shape: str
    colour: str
    size: str
    x: float
    y: float
    r: float


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
        count: how many things, from 1 to the world's ``max_count(size)``.
        size: a word of its ``sizes``, or None where it is not specified: any size is right then.
        colour: a word of its ``colours``, or None where it is not specified: any colour is right then.
        shape: a word of its ``shapes``.

    >>> group = Group(3, "small", "red", "circle")
    >>> group.names(Thing("circle", "red", "large", x=0.25, y=0.5, r=0.165))
    True
    """

    count: int
    size: str | None
    colour: str | None
    shape: str

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
    """What a caption says: one group, groups joined, or groups of which some are in relation.

    Attributes:
        groups: one or more; two differ in colour or shape.
        links: what stands between each group and the next: a relation from the one to the other, or None.

    Raises:
        ValueError: there is not one link between each group and the next.

    >>> meaning = Meaning((Group(1, "small", "red", "circle"),))
    >>> meaning.holds(Scene((Thing("circle", "red", "small", x=0.25, y=0.5, r=0.08),)))
    True
    >>> Meaning((Group(1, None, "red", "circle"), Group(2, None, "blue", "star")), ("above",)).form
    'relation'
    """

    groups: tuple[Group, ...]
    links: tuple[str | None, ...] = ()

    def __post_init__(self) -> None:
        if not self.groups or len(self.links) != len(self.groups) - 1:
            raise ValueError(
                f"a meaning has {len(self.groups)} groups and {len(self.links)} links: expected one or more groups, "
                "and one link (a relation or None) between each and the next"
            )

    @property
    def form(self) -> str:
        """``one`` group, groups ``joined`` without a relation, or groups in ``relation``."""
        if len(self.groups) == 1:
            return "one"
        return "relation" if any(self.links) else "joined"

    def holds(self, scene: Scene) -> bool:
        """Whether the scene has exactly these things, no others, and every relation between them."""
        named = self.named(scene.things)
        if sum(map(len, named)) != len(scene.things):
            return False
        if not all(group.holds(things) for group, things in zip(self.groups, named, strict=True)):
            return False
        return self.relations_hold(named)

    def relations_hold(self, named: Sequence[Sequence[ThingLike]]) -> bool:
        """Whether every relation holds between the things that its two groups name, of which each has one or more.

        Args:
            named: the things that each group names.
        """
        return all(
            first and second and related(link, first, second)
            for link, (first, second) in zip(self.links, pairwise(named), strict=True)
            if link is not None
        )

    def named(self, things: Iterable[AnyThing]) -> list[list[AnyThing]]:
        """The things that each group names, group by group, in the order given."""
        given = list(things)
        return [[thing for thing in given if group.names(thing)] for group in self.groups]


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
