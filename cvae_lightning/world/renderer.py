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
from cvae_lightning.world.drawing import Outlines, Things, draw_things
from cvae_lightning.world.named import DEFAULT
from cvae_lightning.world.outlines import Outline, reach
from cvae_lightning.world.scene import Scene
from cvae_lightning.world.world import RGB, World

SMALLEST, LARGEST = 32, 512

# Lines per row of pixels; a side that is flatter than 45 degrees gets more, in proportion.
LINES = 4

# Pixels drawn at a time: few enough for the arrays to stay in the processor's cache.
PIXELS_AT_ONCE = 1 << 19

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
    numbers = {shape: number for number, shape in enumerate(shapes)}
    things = [thing for scene in scenes for thing in scene.things]
    places = np.array([(thing.x, thing.y, thing.r) for thing in things]).reshape(-1, 3).T
    return draw_arrays(
        Things(
            np.repeat(np.arange(len(scenes)), [len(scene.things) for scene in scenes]),
            np.array([numbers[thing.shape] for thing in things], np.int64),
            places[0],
            places[1],
            places[2],
            np.array([colours[thing.colour] for thing in things], np.int64).reshape(-1, 3).T,
        ),
        len(scenes),
        size,
        tuple(shapes.values()),
        background,
    )


def draw_arrays(
    things: Things, count: int, size: int, shapes: tuple[Outline, ...], background: RGB
) -> NDArray[np.uint8]:
    """Draw things that are given as arrays.

    Args:
        things: in the order of their images; centres and radii as fractions of the side.
        count: the number N of images.
        size: the side S in pixels, 32 to 512.
        shapes: the outline of each shape.
        background: RGB.

    Returns:
        (N, S, S, 3) uint8 RGB.

    Raises:
        ValueError: the size is out of range.
    """
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f"image size is {size}: expected {SMALLEST} to {LARGEST} pixels")
    images = np.empty((count, size, size, 3), np.uint8)
    images[:] = np.full((size, 3), background, np.uint8)
    things = things._replace(x=things.x * size, y=things.y * size, r=things.r * size)
    step = max(1, PIXELS_AT_ONCE // size**2)
    ends = np.searchsorted(things.image, np.arange(0, count + step, step)).tolist()
    for first, (start, stop) in zip(range(0, count, step), pairwise(ends), strict=True):
        part = things.part(start, stop)
        part = part._replace(image=part.image - first)
        drawn = images[first : first + step]
        rows = draw_things(part, _outlines(shapes), background, drawn)
        if len(rows):
            _draw_rows(part, rows, drawn, shapes, background)
    return images


@cache
def _outlines(shapes: tuple[Outline, ...]) -> Outlines:
    sides = [sides_of(corners) for corners in shapes]
    counts = np.array([len(some) for some in sides])
    return Outlines(
        np.ascontiguousarray(np.concatenate(sides).T),
        np.cumsum(counts) - counts,
        counts,
        np.array([reach(corners) for corners in shapes]).transpose(1, 2, 0),
    )


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


def _draw_rows(
    things: Things, rows: Ints, images: NDArray[np.uint8], shapes: tuple[Outline, ...], background: RGB
) -> None:
    """Draw some rows of N images (N, S, S, 3), each of whose pixels is the sum of what all things add to it."""
    count, size = images.shape[:2]
    shown = np.isin(things.image, rows // size).nonzero()[0]
    positions = np.stack((things.image.astype(np.float64), things.x, things.y, things.r), axis=1)[shown]
    tints = things.colour.T[shown] - np.array(background)  # (T, 3)
    sides = [sides_of(shapes[number]) for number in things.shape[shown].tolist()]
    flat = images.reshape(count * size, size, 3)
    for channel, mixed in enumerate(mixtures(sides, positions, tints, count, size, rows)):
        flat[rows, :, channel] = np.clip(mixed + (background[channel] + 0.5), 0, 255)


def mixtures(
    shapes: Sequence[Floats],
    positions: Floats,
    values: NDArray[np.number],
    count: int,
    size: int,
    rows: Ints | None = None,
) -> Iterator[Floats]:
    """What things add to each pixel: their values, by the share of the pixel that they cover.

    Args:
        shapes: the sides of each of T things, as :func:`sides_of` gives them.
        positions: (T, 4) image number, and centre and radius in pixels.
        values: (T, C) what each thing adds to a pixel that it covers, in C channels.
        count: the number of images N.
        size: their side S in pixels.
        rows: (R,) the rows of pixels that are asked for, image after image; None for all N S.

    Yields:
        (R, S) for each channel; (N, S, S) for all rows.
    """
    owner = np.repeat(np.arange(len(shapes)), [len(shape) for shape in shapes])  # (E)
    side, row, column, step = _crossings(np.concatenate(shapes), positions[owner], size)
    if rows is not None:
        number = np.full(count * size, -1)
        number[rows] = np.arange(len(rows))
        asked = (number[row] >= 0).nonzero()[0]
        side, row, column, step = side[asked], number[row[asked]], column[asked], (step[0][asked], step[1][asked])
    shape = (count, size, size + 1) if rows is None else (len(rows), size + 1)  # rows are one pixel longer
    cell = row * (size + 1) + column
    cells, value = np.concatenate((cell, cell + 1)), values[owner][side]  # (2 K), (K, C)
    for channel in value.T:
        steps = np.bincount(
            cells, np.concatenate((step[0] * channel, step[1] * channel)), minlength=int(np.prod(shape))
        )
        yield np.cumsum(steps.reshape(shape)[..., :-1], axis=-1)


def _crossings(sides: Floats, positions: Floats, size: int) -> tuple[Ints, Ints, Ints, tuple[Floats, Floats]]:
    """Where lines cross sides.

    Args:
        sides: (E, 7) as in ``sides_of``.
        positions: (E, 4) scene number, and centre and radius in pixels, of the thing of each side.
        size: the side S of the images in pixels.

    Returns:
        For each of K crossings: the number of its side, its row of pixels among all N * S and its column, and how
        much of the step falls on that pixel and on the next.
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
    step = sign[side] * (end - begin)
    second = step * (position - column)
    return side, row.astype(np.int64), column.astype(np.int64), (step - second, second)
