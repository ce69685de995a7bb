"""Where things may lie on the canvas, and a random choice of positions that obeys the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

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
# A line that separates two sides: the axis along which it does (0 is x), the side before it and the side after it.
Line = tuple[int, int, int]


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
    """The region of each body, on its side of every line; None where there is no room for all lines."""
    regions = [[_region(body, spacing) for body in side] for side in sides]
    lines = [_line(link, first) for first, link in enumerate(links) if link]
    for number, line in enumerate(lines):
        if len(lines) > 1:  # keep room for the lines that are still to be drawn
            for other in lines[number:] * len(lines):
                low, high = _range(sides, regions, other)
                _separate(sides, regions, other, high, low)
        low, high = _range(sides, regions, line)
        if low > high:
            return None
        place = rng.uniform(low, high)
        _separate(sides, regions, line, place, place)
    return [region for side in regions for region in side]


def _line(relation: str, first: int) -> Line:
    """The line of a relation between a side and the next."""
    before, after = (first, first + 1) if relation in ("above", "left of") else (first + 1, first)
    return (1 if relation in ("above", "below") else 0), before, after


def _range(sides: Sequence[Sequence[Body]], regions: list[list[Region]], line: Line) -> Point:
    """The least and greatest place of a line that leaves room on both of its sides."""
    axis, before, after = line
    low = max(
        region[axis][0] + body.reach[axis][1] * body.r
        for body, region in zip(sides[before], regions[before], strict=True)
    )
    high = min(
        region[axis][1] - body.reach[axis][0] * body.r
        for body, region in zip(sides[after], regions[after], strict=True)
    )
    return low, high


def _separate(
    sides: Sequence[Sequence[Body]], regions: list[list[Region]], line: Line, before_end: float, after_start: float
) -> None:
    """Cut the regions of both sides of a line, in place, so that one ends and the other starts there."""
    axis, before, after = line
    for side, end, is_before in ((before, before_end, True), (after, after_start, False)):
        pairs = zip(sides[side], regions[side], strict=True)
        regions[side] = [_cut(body, region, axis, end, is_before) for body, region in pairs]


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
        gaps = {j: spacing.between(r, wider, bodies[j].r, bodies[j].wider) for j in centres}
        taken = [(*centres[j], gap * gap) for j, gap in gaps.items()]
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
