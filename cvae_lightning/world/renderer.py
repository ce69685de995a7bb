"""Scenes to pixels: every edge pixel is background and colour mixed by the area that the shape covers.

Along a row of pixels the colour changes only where the side of a shape is crossed. So each crossing is recorded
as a step in colour, shared by two neighbouring pixels, and one cumulative sum along the rows gives all pixels.
Rows are cut into thin lines; a line that a side only partly spans counts by that part, so horizontal edges are
exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.outlines import POLYGONS
from cvae_lightning.world.scene import BACKGROUND, COLOURS, SHAPES, Scene

SMALLEST, LARGEST = 32, 512

# Lines per row of pixels; a side that is flatter than 45 degrees gets more, in proportion.
LINES = 4

# Pixels drawn at a time: few enough for the cumulative sums to stay in the processor's cache.
PIXELS_AT_ONCE = 1 << 16

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def render(scenes: Sequence[Scene], size: int) -> NDArray[np.uint8]:
    """Draw scenes.

    Args:
        scenes: N scenes. Things are cut off at the border; where some overlap, which no sampled scene
            has, their differences from the background add up.
        size: the side S of the images in pixels, 32 to 512.

    Returns:
        (N, S, S, 3) uint8 RGB.

    Raises:
        ValueError: the size is out of range.

    >>> from cvae_lightning.world import Scene, Thing
    >>> scene = Scene((Thing("circle", "red", "small", x=0.5, y=0.5, r=0.08),))
    >>> image = render([scene], size=64)[0]
    >>> image.shape, image[32, 32].tolist(), image[0, 0].tolist()
    ((64, 64, 3), [220, 40, 40], [250, 250, 250])
    """
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f"image size is {size}: expected {SMALLEST} to {LARGEST} pixels")
    images = np.empty((len(scenes), size, size, 3), np.uint8)
    step = max(1, PIXELS_AT_ONCE // size**2)
    for start in range(0, len(scenes), step):
        _paint(scenes[start : start + step], images[start : start + step])
    return images


def _sides(shape: str) -> Floats:
    """(E, 7) the sides of a shape: top, bottom, start, slope, bulge, sign, lines per row of pixels.

    At height v, from top to bottom, a side is at x = start + slope v + bulge sqrt(1 - v^2), all from the
    centre and in units of the radius. The sign is +1 where the inside lies to the right, else -1.
    """
    if shape == "circle":
        return np.array([(-1, 1, 0, 0, bulge, -bulge, 2 * LINES) for bulge in (-1, 1)], float)
    corners = POLYGONS[shape]
    sides = []
    for (x0, y0), (x1, y1) in pairwise((*corners, corners[0])):
        if y0 != y1:
            slope = (x1 - x0) / (y1 - y0)
            lines = LINES * max(1, round(abs(slope)))
            sides.append((min(y0, y1), max(y0, y1), x0 - slope * y0, slope, 0, np.sign(y0 - y1), lines))
    return np.array(sides, float)


_SIDES = {shape: _sides(shape) for shape in SHAPES}


def _paint(scenes: Sequence[Scene], images: NDArray[np.uint8]) -> None:
    """Draw a few scenes into (N, S, S, 3)."""
    size = images.shape[1]
    things = [(n, thing) for n, scene in enumerate(scenes) for thing in scene.things]
    if not things:
        images[:] = BACKGROUND
        return
    shapes = [_SIDES[thing.shape] for _, thing in things]
    positions = np.array([(n, thing.x * size, thing.y * size, thing.r * size) for n, thing in things])  # (T, 4)
    tints = np.subtract([COLOURS[thing.colour] for _, thing in things], BACKGROUND)  # (T, 3)
    owner = np.repeat(np.arange(len(things)), [len(sides) for sides in shapes])  # (E)
    side, cell, step = _crossings(np.concatenate(shapes), positions[owner], size)
    tint = tints[owner][side]  # (K, 3)
    for channel in range(3):
        steps = np.bincount(
            np.concatenate((cell, cell + 1)),
            np.concatenate((step[0] * tint[:, channel], step[1] * tint[:, channel])),
            minlength=len(scenes) * size * (size + 1),
        )
        mixed = np.cumsum(steps.reshape(len(scenes), size, size + 1)[..., :-1], axis=-1)  # (N, S, S)
        images[..., channel] = np.clip(mixed + (BACKGROUND[channel] + 0.5), 0, 255)


def _crossings(sides: Floats, positions: Floats, size: int) -> tuple[Ints, Ints, tuple[Floats, Floats]]:
    """Where lines cross sides.

    Args:
        sides: (E, 7) as in ``_sides``.
        positions: (E, 4) scene number, and centre and radius in pixels, of the thing of each side.
        size: the side S of the images in pixels.

    Returns:
        For each of K crossings: the number of its side, the number of its pixel among all N * S * (S + 1)
        (rows are one pixel longer than the image), and how much of the step falls on that pixel and on
        the next.
    """
    top, bottom, start, slope, bulge, sign, lines = sides.T
    scene, x, y, r = positions.T
    upper, lower = np.clip(y + r * top, 0, size), np.clip(y + r * bottom, 0, size)
    first = np.floor(upper * lines)
    counts = (np.ceil(lower * lines) - first).astype(np.int64)
    side = np.repeat(np.arange(len(sides)), counts)  # (K), as all below
    line = np.arange(len(side)) - np.repeat(np.cumsum(counts) - counts, counts) + first[side]
    begin = np.maximum(line / lines[side], upper[side])
    end = np.minimum((line + 1) / lines[side], lower[side])
    v = ((begin + end) / 2 - y[side]) / r[side]
    across = start[side] + slope[side] * v + bulge[side] * np.sqrt(np.maximum(1 - v * v, 0))
    position = np.clip(x[side] + r[side] * across, 0, size)
    column = np.minimum(np.floor(position), size - 1)
    row = scene[side] * size + np.floor(line / lines[side])
    cell = (row * (size + 1) + column).astype(np.int64)
    step = sign[side] * (end - begin)
    second = step * (position - column)
    return side, cell, (step - second, second)
