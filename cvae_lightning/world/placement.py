"""Where things may lie on the canvas, and a random choice of positions that obeys the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from cvae_lightning.world.outlines import Reach, reach
from cvae_lightning.world.spacing import Spacing
from cvae_lightning.world.world import World

# How often a scene is started from an empty canvas, and how many positions are tried for each of its things.
MAX_ATTEMPTS = 200
MAX_TRIES = 32

Point = tuple[float, float]
# The range of x and the range of y that a centre may lie in.
Region = tuple[Point, Point]


@dataclass(frozen=True, slots=True)
class Body:
    """What placement needs to know about a thing.

    Attributes:
        r: its radius.
        reach: of its outline, in units of r.
        wider: how much wider its share of distances is than that of most shapes.
    """

    r: float
    reach: Reach
    wider: float


@cache
def reaches(world: World) -> dict[str, tuple[Reach, float]]:
    """What a ``Body`` has besides its radius, by shape."""
    return {shape: (reach(corners), world.spacing.wider(shape)) for shape, corners in world.shapes.items()}


def place_things(
    sides: Sequence[Sequence[Body]], links: Sequence[str | None], rng: np.random.Generator, spacing: Spacing
) -> list[Point] | None:
    """Centres for the bodies of all sides, in their order; None where no attempt could place them all.

    Args:
        sides: the bodies of each group.
        links: the relation from each side to the next, or None; for each relation a line across the canvas,
            drawn first, separates the outlines of the two.
        rng: draws the lines and the positions.
        spacing: the distances that are kept.
    """
    bodies = [body for side in sides for body in side]
    for _ in range(MAX_ATTEMPTS):
        regions = _regions(sides, links, rng, spacing)
        centres = _scatter(bodies, regions, rng, spacing) if regions else None
        if centres is not None:
            return centres
    return None


def _regions(
    sides: Sequence[Sequence[Body]], links: Sequence[str | None], rng: np.random.Generator, spacing: Spacing
) -> list[Region] | None:
    """The region of each body, on its side of every line; None where a line leaves no room for another."""
    regions = [[_region(body, spacing) for body in side] for side in sides]
    for link, (first, second) in zip(links, pairwise(range(len(sides))), strict=True):
        if link is None:
            continue
        axis = 1 if link in ("above", "below") else 0
        before, after = (first, second) if link in ("above", "left of") else (second, first)
        low = max(region[axis][0] + body.reach[axis][1] * body.r for body, region in _pairs(sides, regions, before))
        high = min(region[axis][1] - body.reach[axis][0] * body.r for body, region in _pairs(sides, regions, after))
        if low > high:
            return None
        line = rng.uniform(low, high)
        regions[before] = [_cut(b, region, axis, line, True) for b, region in _pairs(sides, regions, before)]
        regions[after] = [_cut(b, region, axis, line, False) for b, region in _pairs(sides, regions, after)]
    return [region for side in regions for region in side]


def _pairs(sides: Sequence[Sequence[Body]], regions: list[list[Region]], side: int) -> list[tuple[Body, Region]]:
    return list(zip(sides[side], regions[side], strict=True))


def _region(body: Body, spacing: Spacing) -> Region:
    border = spacing.from_border(body.r)
    return (border, 1 - border), (border, 1 - border)


def _cut(body: Body, region: Region, axis: int, line: float, before: bool) -> Region:
    """The part of a body's region in which its outline stays before (towards the origin) or after the line."""
    near, far = body.reach[axis]
    low, high = region[axis]
    span = (low, min(high, line - far * body.r)) if before else (max(low, line + near * body.r), high)
    return (span, region[1]) if axis == 0 else (region[0], span)


def _scatter(
    bodies: list[Body], regions: list[Region], rng: np.random.Generator, spacing: Spacing
) -> list[Point] | None:
    """A position for each thing, the largest first, that keeps its distance from the earlier ones."""
    centres: dict[int, Point] = {}
    for i in sorted(range(len(bodies)), key=lambda i: -bodies[i].r):
        r, wider = bodies[i].r, bodies[i].wider
        taken = [(*centres[j], spacing.between(r, wider, bodies[j].r, bodies[j].wider) ** 2) for j in centres]
        centre = _free(regions[i], taken, rng)
        if centre is None:
            return None
        centres[i] = centre
    return [centres[i] for i in range(len(bodies))]


def _free(region: Region, taken: list[tuple[float, float, float]], rng: np.random.Generator) -> Point | None:
    """A random position in the region outside all circles taken, given as x, y and squared radius."""
    (left, right), (top, bottom) = region
    for u, v in rng.random((MAX_TRIES, 2)).tolist():
        x, y = left + u * (right - left), top + v * (bottom - top)
        for a, b, far in taken:
            if (x - a) * (x - a) + (y - b) * (y - b) < far:
                break
        else:
            return x, y
    return None
