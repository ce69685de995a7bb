"""A world as arrays: its groups, shapes and relations by number, in the world's order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.content import group_key, group_line
from cvae_lightning.world.membership import novel_pairs, novel_relations
from cvae_lightning.world.outlines import reach
from cvae_lightning.world.sampler import groups_of
from cvae_lightning.world.scene import Group
from cvae_lightning.world.world import World

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """What sampling asks of a world, for M groups, S shapes and R relations.

    Attributes:
        groups: the M groups.
        relations: the R relations.
        shapes, colours, sizes: the words of the world.
        count, size, colour, shape: (M,) of each group, words by their numbers.
        order: (M,) the place of each group in the standard order of a content.
        lines: of each group in a content's text.
        novel_pair, novel_count: (M,) whether a group is of these splits.
        novel_relation: (S, R, S) whether a relation between two shapes is novel.
        radius: of each size.
        wider: (S,) how much wider a shape's share of distances is.
        reach: (S, 2, 2) of each shape, along x and y: towards the origin and away from it.
    """

    groups: tuple[Group, ...]
    relations: tuple[str, ...]
    shapes: tuple[str, ...]
    colours: tuple[str, ...]
    sizes: tuple[str, ...]
    count: Ints
    size: Ints
    colour: Ints
    shape: Ints
    order: Ints
    lines: tuple[str, ...]
    novel_pair: Bools
    novel_count: Bools
    novel_relation: Bools
    radius: Floats
    wider: Floats
    reach: Floats


@cache
def tables(world: World) -> Tables:
    """The tables of a world.

    >>> from cvae_lightning.world import DEFAULT
    >>> tables(DEFAULT).groups[0].shape
    'circle'
    """
    groups, sizes, colours, shapes = groups_of(world), tuple(world.sizes), tuple(world.colours), tuple(world.shapes)
    pairs, counts, relations = novel_pairs(world), set(world.splits.novel_count), novel_relations(world)
    by_key = sorted(range(len(groups)), key=lambda i: group_key(groups[i]))
    return Tables(
        groups=groups,
        relations=world.relations,
        shapes=shapes,
        colours=colours,
        sizes=sizes,
        count=np.array([group.count for group in groups]),
        size=np.array([sizes.index(str(group.size)) for group in groups]),
        colour=np.array([colours.index(str(group.colour)) for group in groups]),
        shape=np.array([shapes.index(group.shape) for group in groups]),
        order=np.argsort(by_key),
        lines=tuple(group_line(group) for group in groups),
        novel_pair=np.array([(group.colour, group.shape) in pairs for group in groups]),
        novel_count=np.array([(group.count, group.shape) in counts for group in groups]),
        novel_relation=np.array(
            [[[(a, link, b) in relations for b in shapes] for link in world.relations] for a in shapes], bool
        ).reshape(len(shapes), len(world.relations), len(shapes)),
        radius=np.array(list(world.sizes.values())),
        wider=np.array([world.spacing.wider(shape) for shape in shapes]),
        reach=np.array([reach(world.shapes[shape]) for shape in shapes]),
    )
