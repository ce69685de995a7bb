"""Where things may lie on the canvas, and a random choice of places that obeys the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cvae_lightning.world.outlines import REACH

# How often a scene is begun anew, and how many places are tried for each thing of it.
BEGINNINGS = 200
TRIES = 32

Point = tuple[float, float]
# The range of x and the range of y that a centre may lie in.
Room = tuple[Point, Point]


@dataclass(frozen=True, slots=True)
class Body:
    """What placing needs to know of a thing."""

    shape: str
    r: float


def border(r: float) -> float:
    """The least distance of a centre from the border, as a fraction of the side."""
    return 1.3 * r + 0.01


def gap(first: float, second: float) -> float:
    """The least distance between the centres of two things of these radii."""
    return 1.28 * (first + second) + 0.01


def place_things(sides: Sequence[Sequence[Body]], relation: str | None, rng: np.random.Generator) -> list[Point] | None:
    """Centres for the bodies of all sides, in their order; None where no try fits them in.

    Args:
        sides: the bodies of each group.
        relation: from the first side to the second; their outlines are then kept apart by a line
            across the canvas, drawn first.
        rng: draws the line and the places.
    """
    bodies = [body for side in sides for body in side]
    for _ in range(BEGINNINGS):
        rooms = _divided(sides, relation, rng) if relation else [_room(body) for body in bodies]
        centres = _scatter([body.r for body in bodies], rooms, rng)
        if centres is not None:
            return centres
    return None


def _room(body: Body) -> Room:
    span = (border(body.r), 1 - border(body.r))
    return span, span


def _divided(sides: Sequence[Sequence[Body]], relation: str, rng: np.random.Generator) -> list[Room]:
    """The rooms on either side of a line across the canvas, anywhere that leaves room on both."""
    axis = 1 if relation in ("above", "below") else 0
    forward = relation in ("above", "left of")
    before, after = sides if forward else reversed(sides)
    low = max(border(body.r) + REACH[body.shape][axis][1] * body.r for body in before)
    high = min(1 - border(body.r) - REACH[body.shape][axis][0] * body.r for body in after)
    line = rng.uniform(low, high)
    rooms = [[_cut(body, axis, line, side is before) for body in side] for side in sides]
    return [room for side in rooms for room in side]


def _cut(body: Body, axis: int, line: float, before: bool) -> Room:
    """The room of a body whose outline stays before (towards the origin) or after the line."""
    near, far = REACH[body.shape][axis]
    low, high = border(body.r), 1 - border(body.r)
    span = (low, min(high, line - far * body.r)) if before else (max(low, line + near * body.r), high)
    return (span, (low, high)) if axis == 0 else ((low, high), span)


def _scatter(radii: list[float], rooms: list[Room], rng: np.random.Generator) -> list[Point] | None:
    """A place for each thing in turn, the largest first, that keeps its distance from the earlier."""
    centres: dict[int, Point] = {}
    for i in sorted(range(len(radii)), key=lambda i: -radii[i]):
        taken = [(*centres[j], gap(radii[i], radii[j]) ** 2) for j in centres]
        centre = _free(rooms[i], taken, rng)
        if centre is None:
            return None
        centres[i] = centre
    return [centres[i] for i in range(len(radii))]


def _free(room: Room, taken: list[tuple[float, float, float]], rng: np.random.Generator) -> Point | None:
    """A random place in the room outside all circles taken, given as x, y and squared radius."""
    (left, right), (top, bottom) = room
    for u, v in rng.random((TRIES, 2)).tolist():
        x, y = left + u * (right - left), top + v * (bottom - top)
        for a, b, far in taken:
            if (x - a) * (x - a) + (y - b) * (y - b) < far:
                break
        else:
            return x, y
    return None
