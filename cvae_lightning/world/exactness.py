"""Whether the judge can be exact about a world: no two words, colours, sizes or shapes are taken for each other."""

from __future__ import annotations

from functools import cache
from itertools import combinations, islice, pairwise, product
from math import hypot, log

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.captions import describe
from cvae_lightning.world.named import V1
from cvae_lightning.world.renderer import render
from cvae_lightning.world.sampler import sample_scene
from cvae_lightning.world.scene import Group, Meaning, Scene, Thing
from cvae_lightning.world.vision.detector import detect
from cvae_lightning.world.vision.shape_matching import errors, shapes
from cvae_lightning.world.words import word_tables
from cvae_lightning.world.world import World

# Least angle between the tints of two colours (see `colour_matching`): the closest of the default world are 17 degrees
# apart, and noise of 16 of 255 turns a small thing's by up to 6.
LEAST_ANGLE = 15.0
# Least length of a colour's tint: yellow, the weakest of the default world, has 213. At a quarter of that rounding to
# 8 bits is visible in a tint's direction.
LEAST_TINT = 60.0
# Least distance of two shapes by `shape_matching.errors`: the closest of the default world have 0.21, and a blur of a
# pixel and noise give a shape 0.12 from itself.
LEAST_SHAPE_DISTANCE = 0.17
# How much farther two sizes must lie apart than things of one size differ.
SIZE_MARGIN = 1.05
SIDE = 64
TRIES = 5


@cache
def check_exact(world: World) -> None:
    """Refuse a world whose judge cannot be exact.

    Raises:
        ValueError: two words, colours, sizes or shapes would be taken for each other, things could touch, or the
            largest meaning cannot be placed; the message names both things.

    >>> from dataclasses import replace
    >>> from cvae_lightning.world import DEFAULT
    >>> check_exact(DEFAULT)
    >>> check_exact(replace(DEFAULT, colours={**DEFAULT.colours, "orange": (250, 220, 60)}))
    Traceback (most recent call last):
    ValueError: colours 'orange' (250, 220, 60) and 'yellow' (240, 215, 40) are too near: ...
    """
    word_tables(world)
    _check_colours(world)
    _check_sizes(world)
    _check_shapes(world)
    _check_distances(world)
    _check_pictures(world)
    _check_room(world)


def _check_colours(world: World) -> None:
    tints = {name: np.subtract(world.background, rgb).astype(float) for name, rgb in world.colours.items()}
    for name, tint in tints.items():
        if np.linalg.norm(tint) < LEAST_TINT or tint.sum() <= 0:
            raise ValueError(
                f"colour {name!r} {world.colours[name]} is too near to the background {world.background}: expected one "
                f"that is darker than it by {LEAST_TINT:.0f} or more, as a distance in RGB"
            )
    for first, second in combinations(tints, 2):
        angle = _angle(tints[first], tints[second])
        if angle < LEAST_ANGLE:
            raise ValueError(
                f"colours {first!r} {world.colours[first]} and {second!r} {world.colours[second]} are too near: their "
                f"differences from the background are {angle:.1f} degrees apart, expected {LEAST_ANGLE:.0f} or more"
            )


def _angle(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _check_sizes(world: World) -> None:
    spread = log(world.radius_range[1] / world.radius_range[0])
    for (first, small), (second, large) in pairwise(world.sizes.items()):
        if log(large / small) < SIZE_MARGIN * spread:
            raise ValueError(
                f"sizes {first!r} ({small}) and {second!r} ({large}) are too near: with radius_range "
                f"{list(world.radius_range)} a large one of the first can be as large as a small one of the second"
            )


def _check_shapes(world: World) -> None:
    found = errors(np.stack([shape.waves for shape in shapes(world)]), world)  # (H, H)
    for (i, first), (j, second) in combinations(enumerate(world.shapes), 2):
        if min(found[i, j], found[j, i]) < LEAST_SHAPE_DISTANCE:
            raise ValueError(
                f"shapes {first!r} and {second!r} overlap too much to be told apart at {SIDE} px: their distance is "
                f"{min(found[i, j], found[j, i]):.2f}, expected {LEAST_SHAPE_DISTANCE} or more"
            )


def _check_distances(world: World) -> None:
    if world == V1:
        return  # its triangles can come nearer than they reach, and it stays what it is
    for shape, corners in world.shapes.items():
        share = world.spacing.things + world.spacing.wider(shape)
        farthest = max((hypot(*corner) for corner in corners), default=1.0)
        if farthest > share:
            raise ValueError(
                f"shape {shape!r} reaches {farthest:.3f} radii from its centre and keeps {share:.3f} from others, so "
                f"two things could touch: expected spacing.shapes.{shape} to be {farthest:.3f} or more"
            )


def _check_pictures(world: World) -> None:
    """Draw a small thing of every kind, each at another part of a pixel, and look at it."""
    size, radius = next(iter(world.sizes.items()))
    kinds = list(product(world.shapes, world.colours))
    parts = np.random.default_rng(0).uniform(0, 1 / SIDE, (len(kinds), 2)).tolist()
    radius *= world.radius_range[0]
    things = [Thing(*kind, size, 0.5 + x, 0.5 + y, radius) for kind, (x, y) in zip(kinds, parts, strict=True)]
    images = render([Scene((thing,)) for thing in things], SIDE, world=world)
    for thing, found in zip(things, detect(images, world=world), strict=True):
        words = [(one.size, one.colour, one.shape) for one in found]
        if words != [(thing.size, thing.colour, thing.shape)]:
            found_words = " and ".join(" ".join(each) for each in words) or "nothing"
            raise ValueError(
                f"a {size} {thing.colour} {thing.shape} at {SIDE} px is taken for {found_words}: expected "
                "shapes, colours and sizes that can be told apart"
            )


def _check_room(world: World) -> None:
    """Place the largest meaning of each size, of the shapes that need most room."""
    widest = sorted(world.shapes, key=lambda shape: -world.spacing.wider(shape))
    for size, count in world.max_counts.items():
        kinds = islice(product(widest, world.colours), world.max_groups)
        groups = tuple(Group(count, size, colour, shape) for shape, colour in kinds)
        largest = Meaning(groups, (None,) * (len(groups) - 1))
        rng = np.random.default_rng(0)
        if all(sample_scene(largest, rng, world=world) is None for _ in range(TRIES)):
            raise ValueError(
                f"there is no room for {describe(largest, world=world)!r}, the largest meaning of {size} things: "
                f"expected a smaller radius of {size!r}, max_counts.{size} or max_groups"
            )
