"""Whether records are of a world: their words are its words, and their counts are within its bounds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import isfinite

from cvae_lightning.spelling import check_known
from cvae_lightning.world.named import DEFAULT
from cvae_lightning.world.scene import Group, Meaning, Scene, same_kind
from cvae_lightning.world.world import World


def check_meaning(meaning: Meaning, *, world: World = DEFAULT) -> None:
    """Refuse a meaning that no caption of the world has.

    Raises:
        ValueError: a word is unknown, a count too large, two groups are of one kind, or there are too many groups.

    >>> check_meaning(Meaning((Group(1, "small", "red", "circel"),)))
    Traceback (most recent call last):
    ValueError: shape is 'circel': expected circle, ...; did you mean 'circle'?
    """
    if len(meaning.groups) > world.max_groups:
        raise ValueError(f"a meaning has {len(meaning.groups)} groups: expected 1 to {world.max_groups}")
    for group in meaning.groups:
        check_group(group, world=world)
    for link in meaning.links:
        if link is not None:
            check_known("relation", link, world.relations)
    check_kinds(meaning.groups)


def check_group(group: Group, *, world: World = DEFAULT) -> None:
    """Refuse a group that no caption of the world has.

    Raises:
        ValueError: an unknown word, or more things than a group of that size may have.
    """
    if group.size is not None:
        check_known("size", group.size, world.sizes)
    if group.colour is not None:
        check_known("colour", group.colour, world.colours)
    check_known("shape", group.shape, world.shapes)
    most = world.max_count(group.size)
    if group.count not in range(1, most + 1):
        of_size = f"{group.size} things" if group.size else "things"
        raise ValueError(f"count is {group.count}: expected 1 to {most} {of_size} per group")


def check_kinds(groups: Sequence[Group]) -> None:
    """Refuse groups of which two could name the same thing.

    Raises:
        ValueError: there are two; the message says which.
    """
    for pair in combinations(groups, 2):
        if same_kind(*pair):
            first, second = (f"{group.colour or 'any'} {group.shape}" for group in pair)
            raise ValueError(
                f"{'both' if len(groups) == 2 else 'two'} groups are of one kind, {first!r} and {second!r}: "
                "expected another colour or shape"
            )


def check_scene(scene: Scene, *, world: World = DEFAULT) -> None:
    """Refuse a scene that the world cannot have.

    Raises:
        ValueError: an unknown word, a centre outside the canvas or a radius that is not positive.

    >>> from cvae_lightning.world import Thing
    >>> check_scene(Scene((Thing("circle", "pink", "small", x=0.25, y=0.5, r=0.08),)))
    Traceback (most recent call last):
    ValueError: colour is 'pink': expected red, ...
    """
    for thing in scene.things:
        check_known("shape", thing.shape, world.shapes)
        check_known("colour", thing.colour, world.colours)
        check_known("size", thing.size, world.sizes)
        if not (0 <= thing.x <= 1 and 0 <= thing.y <= 1):
            raise ValueError(f"centre is ({thing.x}, {thing.y}): expected fractions of the side, 0 to 1")
        if not (isfinite(thing.r) and thing.r > 0):
            raise ValueError(f"radius is {thing.r}: expected a positive fraction of the side")
