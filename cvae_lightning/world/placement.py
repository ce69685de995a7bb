"""Where things may lie on the canvas, and a random choice of positions that obeys the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cvae_lightning.world.outlines import REACH

# How often a scene is started from an empty canvas, and how many positions are tried for each of its things.
MAX_ATTEMPTS = 200
MAX_TRIES = 32

Point = tuple[float, float]
# The range of x and the range of y that a centre may lie in.
Region = tuple[Point, Point]


@dataclass(frozen=True, slots=True)
class Body:
    """What placement needs to know about a thing."""

    shape: str
    r: float


def border(r: float) -> float:
    """The least distance of a centre from the border, as a fraction of the side."""
    return 1.3 * r + 0.01


def gap(first: float, second: float) -> float:
    """The least distance between the centres of two things of these radii."""
    return 1.28 * (first + second) + 0.01


def place_things(sides: Sequence[Sequence[Body]], relation: str | None, rng: np.random.Generator) -> list[Point] | None:
    """Centres for the bodies of all sides, in their order; None where no attempt could place them all.

    Args:
        sides: the bodies of each group.
        relation: from the first side to the second; a line across the canvas, drawn first, then separates their
            outlines.
        rng: draws the line and the positions.
    """
    bodies = [body for side in sides for body in side]
    for _ in range(MAX_ATTEMPTS):
        regions = _divided(sides, relation, rng) if relation else [_region(body) for body in bodies]
        centres = _scatter([body.r for body in bodies], regions, rng)
        if centres is not None:
            return centres
    return None


def _region(body: Body) -> Region:
    span = (border(body.r), 1 - border(body.r))
    return span, span


def _divided(sides: Sequence[Sequence[Body]], relation: str, rng: np.random.Generator) -> list[Region]:
    """The regions on either side of a random line across the canvas that leaves room on both."""
    axis = 1 if relation in ("above", "below") else 0
    forward = relation in ("above", "left of")
    before, after = sides if forward else reversed(sides)
    low = max(border(body.r) + REACH[body.shape][axis][1] * body.r for body in before)
    high = min(1 - border(body.r) - REACH[body.shape][axis][0] * body.r for body in after)
    line = rng.uniform(low, high)
    regions = [[_cut(body, axis, line, side is before) for body in side] for side in sides]
    return [region for side in regions for region in side]


def _cut(body: Body, axis: int, line: float, before: bool) -> Region:
    """The region of a body whose outline stays before (towards the origin) or after the line."""
    near, far = REACH[body.shape][axis]
    low, high = border(body.r), 1 - border(body.r)
    span = (low, min(high, line - far * body.r)) if before else (max(low, line + near * body.r), high)
    return (span, (low, high)) if axis == 0 else ((low, high), span)


def _scatter(radii: list[float], regions: list[Region], rng: np.random.Generator) -> list[Point] | None:
    """A position for each thing, the largest first, that keeps its distance from the earlier ones."""
    centres: dict[int, Point] = {}
    for i in sorted(range(len(radii)), key=lambda i: -radii[i]):
        taken = [(*centres[j], gap(radii[i], radii[j]) ** 2) for j in centres]
        centre = _free(regions[i], taken, rng)
        if centre is None:
            return None
        centres[i] = centre
    return [centres[i] for i in range(len(radii))]


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
