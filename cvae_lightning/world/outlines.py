"""Outlines of shapes, around their centre and in units of a thing's radius (y grows downwards)."""

from __future__ import annotations

from itertools import pairwise
from math import atan2, isclose, pi

from cvae_lightning.world.plain import number, sequence

Point = tuple[float, float]
Outline = tuple[Point, ...]
"""The corners of a polygon, clockwise on the canvas; without any corner it is the circle of radius 1."""
Reach = tuple[Point, Point]
"""How far an outline reaches from its centre: (left, right) and (up, down), all positive."""

CIRCLE = "circle"
MAX_REACH = 2.0


def outline(what: str, value: object) -> Outline:
    """An outline from plain data: ``"circle"``, or a list of at least three corners [x, y].

    Raises:
        ValueError: the value is neither, a corner is farther out than ``MAX_REACH``, or the corners do not go
            round the centre clockwise.

    >>> outline("square", [[-1, -1], [1, -1], [1, 1], [-1, 1]])[0]
    (-1.0, -1.0)
    """
    if value in (CIRCLE, ()):
        return ()
    points = [sequence(f"a corner of {what}", point, 2) for point in sequence(what, value)]
    corners = tuple(
        (
            number(f"a corner of {what}", x, -MAX_REACH, MAX_REACH),
            number(f"a corner of {what}", y, -MAX_REACH, MAX_REACH),
        )
        for x, y in points
    )
    if len(corners) < 3:
        raise ValueError(f"{what} has {len(corners)} corners: expected {CIRCLE!r}, or 3 or more")
    turns = [atan2(x0 * y1 - x1 * y0, x0 * x1 + y0 * y1) for (x0, y0), (x1, y1) in pairwise((*corners, corners[0]))]
    if min(turns) <= 0 or not isclose(sum(turns), 2 * pi):
        raise ValueError(f"{what} does not go round its centre clockwise (x to the right, y down), corner by corner")
    return corners


def reach(corners: Outline) -> Reach:
    """How far an outline reaches: (left, right) and (up, down).

    >>> reach(()), reach(((0.0, -1.1), (1.1, 0.9), (-1.1, 0.9)))
    (((1.0, 1.0), (1.0, 1.0)), ((1.1, 1.1), (1.1, 0.9)))
    """
    if not corners:
        return (1.0, 1.0), (1.0, 1.0)
    xs, ys = zip(*corners, strict=True)
    return (-min(xs), max(xs)), (-min(ys), max(ys))
