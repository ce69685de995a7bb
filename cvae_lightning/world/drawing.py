"""Pixels of many things at a time, only where things are; what :mod:`renderer` says of every pixel, byte for byte.

A side of a shape crosses thin lines, and each crossing is a step in what is covered, as in ``renderer.mixtures``. Here
the steps are summed along the rows of each thing's own window, and only over the pixels that have one: between them
nothing changes, so that runs of pixels have one colour. Sums in another order differ in the last bits. Where that
could change a byte (a value within ``CLOSE`` of the next byte), or where two things cover parts of one pixel, the row
of pixels is left to the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

CLOSE = 1e-9
"""How near to the next byte a value is left to the caller; sums in any order agree to 1e-12."""
COVERED = 1e-6
"""A smaller share of a pixel changes no byte."""


class Outlines(NamedTuple):
    """The sides of K shapes, one shape after the other.

    Attributes:
        sides: (7, E) as ``renderer.sides_of`` gives them.
        starts, counts: (K,) where the sides of each shape begin, and how many it has.
        reach: (2, 2, K) how far each shape reaches along x and y, towards the origin and away from it.
    """

    sides: Floats
    starts: Ints
    counts: Ints
    reach: Floats


class Things(NamedTuple):
    """T things of N images, in the order of the images.

    Attributes:
        image: (T,) number of the image.
        shape: (T,) number of the shape.
        x, y, r: (T,) centre and radius in pixels.
        colour: (3, T) of each, 0 to 255.
    """

    image: Ints
    shape: Ints
    x: Floats
    y: Floats
    r: Floats
    colour: Ints

    def part(self, start: int, stop: int) -> Things:
        """Those from one to before another."""
        image, shape, x, y, r, colour = self
        span = slice(start, stop)
        return Things(image[span], shape[span], x[span], y[span], r[span], colour[:, span])


class _Windows(NamedTuple):
    """The pixels around each thing, as cells that are numbered row by row and thing by thing.

    Attributes:
        left, top, width, height: (T,) in pixels; a row has one cell more than pixels, for what falls on the next.
        start: (T,) the first cell.
        cells: how many there are.
    """

    left: Ints
    top: Ints
    width: Ints
    height: Ints
    start: Ints
    cells: int


def draw_things(things: Things, outlines: Outlines, background: Sequence[int], images: Bytes) -> Ints:
    """Draw things into images of the background.

    Args:
        things: all things of the images.
        outlines: of the shapes.
        background: RGB.
        images: (N, S, S, 3), all background; drawn into.

    Returns:
        the rows that may differ from ``renderer.mixtures`` in a byte: number of the image times S plus row, ascending.
    """
    size = images.shape[1]
    windows = _windows(things, outlines, size)
    cell, step = _steps(things, outlines, windows, size)
    sums = np.bincount(cell, step, minlength=windows.cells)
    touched = sums.nonzero()[0]
    covered = np.cumsum(sums[touched])
    length = np.diff(touched, append=windows.cells)
    runs = (covered > COVERED).nonzero()[0]
    touched, covered, length = touched[runs], covered[runs], length[runs]
    counts = np.diff(np.searchsorted(touched, windows.start), append=len(touched))  # runs of each thing

    def of_each(values: Ints) -> Ints:
        repeated: Ints = np.repeat(values, counts)
        return repeated

    local = touched - of_each(windows.start)
    width = of_each(windows.width + 1)
    row = np.floor((local + 0.5) / width).astype(np.int64)
    first = of_each((things.image * size + windows.top) * size + windows.left) + row * (size - width) + local
    pixels = np.repeat(first - (np.cumsum(length) - length), length)
    pixels += np.arange(len(pixels))
    unsure = [np.empty(0, np.int64)]
    for channel, base in enumerate(background):
        value: Floats = np.multiply(covered, of_each(things.colour[channel] - base), dtype=np.float64)
        value += base + 0.5
        byte = value.astype(np.uint8)
        value -= byte
        if value.min(initial=0.5) < CLOSE or value.max(initial=0.5) > 1 - CLOSE:
            unsure.append(first[(value < CLOSE) | (value > 1 - CLOSE)])
        images.reshape(-1, 3)[:, channel][pixels] = np.repeat(byte, length)
    owner = np.repeat(np.arange(len(counts)), counts)
    return np.unique(np.concatenate((*unsure, _shared(things, windows, owner, length, pixels))) // size)


def _windows(things: Things, outlines: Outlines, size: int) -> _Windows:
    (left, right), (up, down) = outlines.reach[:, :, things.shape] * things.r
    first_column = np.clip(np.floor(things.x - left - COVERED), 0, size - 1).astype(np.int64)
    last_column = np.clip(np.floor(things.x + right + COVERED), 0, size - 1).astype(np.int64)
    first_row = np.clip(np.floor(things.y - up - COVERED), 0, size - 1).astype(np.int64)
    last_row = np.clip(np.floor(things.y + down + COVERED), 0, size - 1).astype(np.int64)
    width, height = last_column - first_column + 1, last_row - first_row + 1
    ends = np.cumsum((width + 1) * height)
    return _Windows(
        first_column, first_row, width, height, ends - (width + 1) * height, int(ends[-1]) if len(ends) else 0
    )


def _steps(things: Things, outlines: Outlines, windows: _Windows, size: int) -> tuple[Ints, Floats]:
    """(2 C,) the cells that C crossings of lines and sides fall on, and how much is covered from there on."""
    counts = outlines.counts[things.shape]
    owner = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(owner)) + np.repeat(outlines.starts[things.shape] - (np.cumsum(counts) - counts), counts)
    top, bottom, start, slope, bulge, sign, lines = outlines.sides[:, number]
    x, y, r = things.x[owner], things.y[owner], things.r[owner]
    upper, lower = np.clip(y + r * top, 0, size), np.clip(y + r * bottom, 0, size)
    first = np.floor(upper * lines)
    crossed = (np.ceil(lower * lines) - first).astype(np.int64)
    width = windows.width[owner] + 1
    base = windows.start[owner] - windows.top[owner] * width - windows.left[owner]

    def of_each(values: Floats | Ints) -> Floats:
        repeated: Floats = np.repeat(values, crossed)
        return repeated

    # Of each crossing, from here on, in place where it can be: these arrays are larger than the processor's cache.
    line = np.arange(int(crossed.sum()), dtype=np.float64)
    line -= of_each(np.cumsum(crossed) - crossed - first)
    share = of_each(1 / lines)
    begin = line * share
    np.maximum(begin, of_each(upper), out=begin)
    line += 1
    end = line * share
    np.minimum(end, of_each(lower), out=end)
    line -= 0.5
    line *= share
    row = np.floor(line, out=line)
    step = end - begin
    step *= of_each(sign)
    end += begin
    end /= 2
    across = of_each(slope)  # on a straight side, x = offset + slope y
    across *= end
    across += of_each(x + r * start - slope * y)
    circles = (bulge != 0).nonzero()[0]
    if len(circles):
        own = np.repeat(bulge != 0, crossed).nonzero()[0]
        across[own] += _half_widths(end[own], crossed[circles], y[circles], r[circles], bulge[circles])
    column = np.floor(across)
    if across.min(initial=0) < 0 or across.max(initial=0) >= size:  # things that the border cuts off
        np.clip(across, 0, size, out=across)
        column = np.minimum(np.floor(across), size - 1)
    across -= column
    across *= step
    step -= across
    row *= of_each(width)
    row += of_each(base)
    row += column
    cell = row.astype(np.int64)
    return np.concatenate((cell, cell + 1)), np.concatenate((step, across))


def _half_widths(middle: Floats, crossed: Ints, y: Floats, r: Floats, bulge: Floats) -> Floats:
    """How far the sides of circles are from their centres, with a sign, at the middles of the lines that cross them."""
    away = middle - np.repeat(y, crossed)
    away *= away
    half: Floats = np.repeat(r**2, crossed)
    half -= away
    np.maximum(half, 0, out=half)
    np.sqrt(half, out=half)
    half *= np.repeat(bulge, crossed)
    return half


def _shared(things: Things, windows: _Windows, owner: Ints, length: Ints, pixels: Ints) -> Ints:
    """The pixels that two things cover; runs of so many pixels belong to things ``owner``."""
    near = np.zeros(len(things.x), bool)
    right, bottom = windows.left + windows.width, windows.top + windows.height
    for apart in range(1, int(np.bincount(things.image).max(initial=0))):
        a, b = slice(None, -apart), slice(apart, None)
        close = things.image[a] == things.image[b]
        close &= np.maximum(windows.left[a], windows.left[b]) <= np.minimum(right[a], right[b])
        close &= np.maximum(windows.top[a], windows.top[b]) <= np.minimum(bottom[a], bottom[b])
        near[a] |= close
        near[b] |= close
    asked = np.repeat(near[owner], length).nonzero()[0]
    chosen, marks = pixels[asked], np.empty(int(pixels.max(initial=-1)) + 1, np.int32)
    marks[chosen] = asked
    return chosen[marks[chosen] != asked]
