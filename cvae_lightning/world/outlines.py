"""The outlines of the shapes, around their centre and in units of a thing's radius (y grows downwards)."""

from __future__ import annotations

from math import cos, pi, sin

Point = tuple[float, float]


def _star(outer: float, inner: float, points: int = 5) -> tuple[Point, ...]:
    """Corners of a star with one point straight up, outer and inner ones in turn."""
    angles = [pi * k / points for k in range(2 * points)]
    radii = [outer, inner] * points
    return tuple((r * sin(a), -r * cos(a)) for r, a in zip(radii, angles, strict=True))


def _cross(arm: float, half: float) -> tuple[Point, ...]:
    """Corners of an upright plus."""
    return (
        *((-half, -arm), (half, -arm), (half, -half), (arm, -half)),
        *((arm, half), (half, half), (half, arm), (-half, arm)),
        *((-half, half), (-arm, half), (-arm, -half), (-half, -half)),
    )


# Clockwise on the canvas, as the renderer requires.
POLYGONS: dict[str, tuple[Point, ...]] = {
    "square": ((-0.886, -0.886), (0.886, -0.886), (0.886, 0.886), (-0.886, 0.886)),
    "triangle": ((0.0, -1.1), (1.1, 0.9), (-1.1, 0.9)),
    "diamond": ((0.0, -1.25), (0.95, 0.0), (0.0, 1.25), (-0.95, 0.0)),
    "star": _star(outer=1.25, inner=0.52),
    "cross": _cross(arm=1.1, half=0.38),
}

SHAPES: tuple[str, ...] = ("circle", *POLYGONS)


def _reach(corners: tuple[Point, ...]) -> tuple[Point, Point]:
    """How far an outline reaches from its centre: (left, right) and (up, down), all positive."""
    xs, ys = zip(*corners, strict=True)
    return (-min(xs), max(xs)), (-min(ys), max(ys))


# REACH[shape][axis][side]: axis 0 is x and 1 is y; side 0 is towards the origin and 1 away from it.
REACH: dict[str, tuple[Point, Point]] = {
    "circle": ((1.0, 1.0), (1.0, 1.0)),
    **{shape: _reach(corners) for shape, corners in POLYGONS.items()},
}
