"""Scenes to pixels: every edge pixel is background and colour mixed by the area that the shape covers.

Along a row of pixels the colour changes only where the side of a shape is crossed. So each crossing is recorded
as a step in colour, shared by two neighbouring pixels, and one cumulative sum along the rows gives all pixels.
Rows are cut into thin lines; a line that a side only partly spans counts by that part, so horizontal edges are
exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.checks import check_scene
from cvae_lightning.world.named import DEFAULT
from cvae_lightning.world.outlines import Outline
from cvae_lightning.world.scene import Scene
from cvae_lightning.world.world import RGB, World

SMALLEST, LARGEST = 32, 512

# Lines per row of pixels; a side that is flatter than 45 degrees gets more, in proportion.
LINES = 4

# Pixels drawn at a time: few enough for the cumulative sums to stay in the processor's cache.
PIXELS_AT_ONCE = 1 << 16

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


# What `silhouettes` are drawn in.
LIGHT, DARK = (250, 250, 250), (25, 25, 25)


def render(scenes: Sequence[Scene], size: int, *, world: World = DEFAULT) -> NDArray[np.uint8]:
    """Draw scenes.

    Args:
        scenes: N scenes. Things are cut off at the border; where some overlap, which no sampled scene
            has, their differences from the background add up.
        size: the side S of the images in pixels, 32 to 512.
        world: of the scenes.

    Returns:
        (N, S, S, 3) uint8 RGB.

    Raises:
        ValueError: the size is out of range, or the world cannot have such a scene.

    >>> from cvae_lightning.world import Scene, Thing
    >>> scene = Scene((Thing("circle", "red", "small", x=0.5, y=0.5, r=0.08),))
    >>> image = render([scene], size=64)[0]
    >>> image.shape, image[32, 32].tolist(), image[0, 0].tolist()
    ((64, 64, 3), [220, 40, 40], [250, 250, 250])
    """
    for scene in scenes:
        check_scene(scene, world=world)
    return _draw(scenes, size, world.shapes, world.colours, world.background)


def silhouettes(scenes: Sequence[Scene], size: int, shapes: Mapping[str, Outline]) -> NDArray[np.float64]:
    """How much of each pixel is covered, in steps of 1 / 225; where things overlap, the sum of both.

    Args:
        scenes: N scenes; colours do not matter.
        size: the side S in pixels, 32 to 512.
        shapes: their outlines.

    Returns:
        (N, S, S), 0 to 1.
    """
    inks = {thing.colour: DARK for scene in scenes for thing in scene.things}
    shades = _draw(scenes, size, shapes, inks, LIGHT)[..., 0].astype(float)
    covered: NDArray[np.float64] = (LIGHT[0] - shades) / (LIGHT[0] - DARK[0])
    return covered


def _draw(
    scenes: Sequence[Scene], size: int, shapes: Mapping[str, Outline], colours: Mapping[str, RGB], background: RGB
) -> NDArray[np.uint8]:
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f"image size is {size}: expected {SMALLEST} to {LARGEST} pixels")
    images = np.empty((len(scenes), size, size, 3), np.uint8)
    sides = {shape: sides_of(corners) for shape, corners in shapes.items()}
    step = max(1, PIXELS_AT_ONCE // size**2)
    for start in range(0, len(scenes), step):
        _paint(scenes[start : start + step], images[start : start + step], sides, colours, background)
    return images


@cache
def sides_of(corners: Outline) -> Floats:
    """(E, 7) the sides of an outline: top, bottom, start, slope, bulge, sign, lines per row of pixels.

    At height v, from top to bottom, a side is at x = start + slope v + bulge sqrt(1 - v^2), all from the
    centre and in units of the radius. The sign is +1 where the inside lies to the right, else -1.
    """
    if not corners:
        return np.array([(-1, 1, 0, 0, bulge, -bulge, 2 * LINES) for bulge in (-1, 1)], float)
    sides = []
    for (x0, y0), (x1, y1) in pairwise((*corners, corners[0])):
        if y0 != y1:
            slope = (x1 - x0) / (y1 - y0)
            lines = LINES * max(1, round(abs(slope)))
            sides.append((min(y0, y1), max(y0, y1), x0 - slope * y0, slope, 0, np.sign(y0 - y1), lines))
    return np.array(sides, float)


def _paint(
    scenes: Sequence[Scene],
    images: NDArray[np.uint8],
    sides: Mapping[str, Floats],
    colours: Mapping[str, RGB],
    background: RGB,
) -> None:
    """Draw a few scenes into (N, S, S, 3)."""
    size = images.shape[1]
    things = [(n, thing) for n, scene in enumerate(scenes) for thing in scene.things]
    if not things:
        images[:] = background
        return
    shapes = [sides[thing.shape] for _, thing in things]
    positions = np.array([(n, thing.x * size, thing.y * size, thing.r * size) for n, thing in things])  # (T, 4)
    tints = np.subtract([colours[thing.colour] for _, thing in things], background)  # (T, 3)
    for channel, mixed in enumerate(mixtures(shapes, positions, tints, len(scenes), size)):
        images[..., channel] = np.clip(mixed + (background[channel] + 0.5), 0, 255)


def mixtures(
    shapes: Sequence[Floats], positions: Floats, values: NDArray[np.number], count: int, size: int
) -> Iterator[Floats]:
    """What things add to each pixel: their values, by the share of the pixel that they cover.

    Args:
        shapes: the sides of each of T things, as :func:`sides_of` gives them.
        positions: (T, 4) image number, and centre and radius in pixels.
        values: (T, C) what each thing adds to a pixel that it covers, in C channels.
        count: the number of images N.
        size: their side S in pixels.

    Yields:
        (N, S, S) for each channel.
    """
    owner = np.repeat(np.arange(len(shapes)), [len(shape) for shape in shapes])  # (E)
    side, cell, step = _crossings(np.concatenate(shapes), positions[owner], size)
    cells, value = np.concatenate((cell, cell + 1)), values[owner][side]  # (2 K), (K, C)
    for column in value.T:
        steps = np.bincount(
            cells, np.concatenate((step[0] * column, step[1] * column)), minlength=count * size * (size + 1)
        )
        yield np.cumsum(steps.reshape(count, size, size + 1)[..., :-1], axis=-1)


def _crossings(sides: Floats, positions: Floats, size: int) -> tuple[Ints, Ints, tuple[Floats, Floats]]:
    """Where lines cross sides.

    Args:
        sides: (E, 7) as in ``sides_of``.
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
