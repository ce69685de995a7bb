"""What a picture shows besides the things that were detected in it.

The detected things are drawn again and compared with the picture, in brightness and in colour difference (the Y, Cb and
Cr of ITU-R BT.601) apart. A picture that was blurred, moved by a part of a pixel, resized or compressed differs at all
edges. So the drawing is first blurred across and down as fits the picture best, and then each difference is divided
by the picture's own roughness, which is the mean difference at the edges of its things. What is left is something
that is at one place and not at all edges: a pale or small further thing, another colour in a part of a thing, a thing
that is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.renderer import mixtures, sides_of
from cvae_lightning.world.vision.brightness import colour_values, rgb, ycc
from cvae_lightning.world.vision.colour_matching import Floats
from cvae_lightning.world.vision.fitted import FittedThings, Ints
from cvae_lightning.world.world import World

Planes = NDArray[np.float32]
"""(C, N, S, S) some channels of N images."""

# Largest mean difference in windows of 1, 4 x 4 and 8 x 8 pixels, in levels of 255 and for each level of roughness.
# experiments/judge has the rates at which right pictures fail and wrong ones pass.
LIMITS = {1: 8.0, 4: 3.0, 8: 2.2}
# Roughness of the smoothest and of the roughest picture, in levels.
MIN_ROUGHNESS, MAX_ROUGHNESS = 0.75, 11.0
# A difference in colour is judged as if it were at least so much of that in brightness, for pictures in black alone.
COLOUR_ROUGHNESS = 0.75
# Differences and edges count as no more than this in roughness, so that one mistake does not hide itself.
MAX_DIFFERENCE, MAX_EDGE = 40, 200
# Range of a blur's weight w: the drawing is mixed by (w, 1 - 2 w, w). A Gaussian of 0.5 pixels has 0.125.
# Negative ones are the ringing of sharp filters.
MIN_BLUR, MAX_BLUR = -0.15, 0.25
# A whole thing's colour may be so far from the palette's, in any channel and levels of 255.
MAX_SHIFT = 24
# Largest mean difference of the canvas from the background in any channel, in levels of 255; white is 5 away.
MAX_CANVAS = 6.0


@dataclass(frozen=True, slots=True)
class Residual:
    """The largest difference of one image.

    Attributes:
        image: its index.
        row, column: the pixel.
        ycc: (3) the difference there, in brightness and colour differences.
    """

    image: int
    row: int
    column: int
    ycc: Planes


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Images beside drawings of them.

    Attributes:
        brightness, colour: (1, N, S, S) and (2, N, S, S) what the images show besides the drawings.
        windows: (N, H, W) for each kind and size of window: the mean difference, 1 where it is as large as it may be.
        excess: (N) the largest of these.
    """

    brightness: Planes
    colour: Planes
    windows: list[Planes]
    excess: Planes


def residuals(tint: Floats, labels: Ints, things: FittedThings, world: World) -> list[Residual]:
    """The images that differ too much from a drawing of their things.

    Args:
        tint: (N, S, S, 3) the images' differences from the background.
        labels: (N, S, S) the number of the thing of each pixel, increasing with the things, and 0 outside of things.
        things: all things of the images.
        world: of the things.
    """
    values = colour_values(world)[things.colour]
    drawn = _draw(things, values, tint.shape, world)
    observed = np.empty_like(drawn)
    observed[0], observed[1], observed[2] = ycc(tint[..., 0], tint[..., 1], tint[..., 2])
    other = _without_canvas(observed, drawn)
    first = _compare(observed, drawn, blurs=1)
    found = [_locate(first, image, image) for image in np.flatnonzero(other).tolist()]
    again = (first.excess > 1) & ~other
    if again.any():
        chosen = things.of_images(again)
        own = values[again[things.image]]
        shifts = _shifts(observed[:, again] - drawn[:, again], drawn[:, again], labels[again], own)
        recoloured = _draw(*_recoloured(chosen, own, shifts), tint[again].shape, world)
        second = _compare(observed[:, again], recoloured, blurs=2)
        pairs = zip(np.flatnonzero(again).tolist(), second.excess.tolist(), strict=True)
        found += [_locate(second, index, image) for index, (image, excess) in enumerate(pairs) if excess > 1]
    return found


def _shifts(rest: Planes, drawn: Planes, labels: Ints, values: Floats) -> Floats:
    """(K, 3) how far the colour of each thing is from its value, by least squares and at most ``MAX_SHIFT``."""
    number = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)  # 0 is outside of things, then 1 to K
    own = np.concatenate([np.zeros((1, 3)), values])
    strength = np.maximum((own**2).sum(axis=1), 1)  # (K + 1)
    cover = sum(plane * own[number, channel] for channel, plane in enumerate(drawn)) / strength[number]  # (N, S, S)

    def sums(weights: Floats) -> Floats:
        total: Floats = np.bincount(number.ravel(), weights.ravel(), minlength=len(own))[1:].astype(np.float64)
        return total

    shifts = np.stack([sums(plane * cover) for plane in rest], axis=1) / np.maximum(sums(cover**2), 1)[:, None]
    far = np.abs(rgb(*shifts.T)).max(axis=0, initial=0)
    limited: Floats = shifts * np.minimum(1, MAX_SHIFT / np.maximum(far, 1))[:, None]
    return limited


def _recoloured(things: FittedThings, values: Floats, shifts: Floats) -> tuple[FittedThings, Floats]:
    """The things in the colours that they have: a stronger one made a thing's area, and so its radius, too large."""
    stronger = 1 + (shifts * values).sum(axis=1) / (values**2).sum(axis=1)
    return replace(things, r=things.r / np.sqrt(stronger)), values + shifts


def _draw(things: FittedThings, values: Floats, shape: tuple[int, ...], world: World) -> Planes:
    """(3, N, S, S) the things as they should look in colours (K, 3), in images of shape (N, S, S, 3)."""
    count, side = shape[:2]
    drawn = np.zeros((3, count, side, side), np.float32)
    if len(things.image):
        outlines = [sides_of(corners) for corners in world.shapes.values()]
        shapes = [outlines[index] for index in things.shape.tolist()]
        positions = np.stack([things.image, things.x, things.y, things.r], axis=1)
        for channel, mixed in enumerate(mixtures(shapes, positions, values, count, side)):
            drawn[channel] = mixed
    return drawn


def _without_canvas(observed: Planes, drawn: Planes) -> NDArray[np.bool_]:
    """(N) whether the canvas is not the background; smaller differences of the whole canvas are removed, in place."""
    free = drawn[0] == 0  # (N, S, S)
    mask = free.astype(np.float32)
    area = np.maximum(mask.sum(axis=(1, 2)), 1)
    means = np.stack([_dot(plane[None], mask[None]) for plane in observed]) / area  # (3, N)
    for image in np.flatnonzero(np.abs(means).max(axis=0) > 0.5).tolist():
        observed[:, image] -= means[:, image, None, None] * free[image]
    far: NDArray[np.bool_] = np.abs(rgb(*means)).max(axis=0) > MAX_CANVAS
    return far


def _compare(observed: Planes, drawn: Planes, blurs: int) -> _Comparison:
    """The images beside the drawings, which are blurred as fits best."""
    brightness, roughness = _differences(observed[:1], drawn[:1], blurs)
    colour, colour_roughness = _differences(observed[1:], drawn[1:], blurs)
    colour_roughness = np.maximum(colour_roughness, COLOUR_ROUGHNESS * roughness)
    windows = [*_windows(brightness, roughness), *_windows(colour, colour_roughness)]
    return _Comparison(brightness, colour, windows, np.max([window.max(axis=(1, 2)) for window in windows], axis=0))


def _differences(observed: Planes, drawn: Planes, blurs: int) -> tuple[Planes, Planes]:
    """(C, N, S, S) what remains of the images without the blurred drawings, and (N) its roughness."""
    rest = observed - drawn
    for last in [False] * (blurs - 1) + [True]:
        across, down = np.zeros_like(drawn), np.zeros_like(drawn)
        across[..., 1:-1] = drawn[..., 2:]
        across[..., 1:-1] += drawn[..., :-2]
        across[..., 1:-1] -= 2 * drawn[..., 1:-1]
        down[:, :, 1:-1] = drawn[:, :, 2:]
        down[:, :, 1:-1] += drawn[:, :, :-2]
        down[:, :, 1:-1] -= 2 * drawn[:, :, 1:-1]
        a, b = _weights(rest, across, down)
        blur = a * across
        blur += b * down
        rest -= blur
        if not last:
            drawn = drawn + blur
    edges = np.minimum(np.abs(across).max(axis=0) + np.abs(down).max(axis=0), MAX_EDGE)  # (N, S, S)
    sizes = np.minimum(np.abs(rest).max(axis=0), MAX_DIFFERENCE)
    mean = _dot(edges[None], sizes[None]) / np.maximum(edges.sum(axis=(1, 2)), 1)
    return rest, np.minimum(MIN_ROUGHNESS + mean, MAX_ROUGHNESS)


def _weights(rest: Planes, across: Planes, down: Planes) -> tuple[Planes, Planes]:
    """(N, 1, 1) each: the blurs that explain the most of what remains, by least squares."""
    aa, bb, ab = _dot(across, across) + 1e-3, _dot(down, down) + 1e-3, _dot(across, down)
    ra, rb = _dot(rest, across), _dot(rest, down)
    weights = np.stack([ra * bb - rb * ab, rb * aa - ra * ab]) / (aa * bb - ab**2 + 1e-3)  # (2, N)
    a, b = np.clip(weights, MIN_BLUR, MAX_BLUR).astype(np.float32)[..., None, None]
    return a, b


def _dot(first: Planes, second: Planes) -> Planes:
    """(N) the sum of the products of all values of each image."""
    rows, columns = first.reshape(*first.shape[:2], 1, -1), second.reshape(*second.shape[:2], -1, 1)
    total: Planes = (rows @ columns).sum(axis=(0, 2, 3))
    return total


def _windows(rest: Planes, roughness: Planes) -> list[Planes]:
    """(N, H, W) for each size of window: the mean difference in it, 1 where it is as large as it may be."""
    even = rest.shape[-1] // 2 * 2
    rest = rest[..., :even, :even]
    two = rest[..., 0::2] + rest[..., 1::2]
    two = two[..., 0::2, :] + two[..., 1::2, :]
    four = two[..., :-1] + two[..., 1:]
    four = four[..., :-1, :] + four[..., 1:, :]
    eight = four[..., :-2] + four[..., 2:]
    eight = eight[..., :-2, :] + eight[..., 2:, :]
    sums = {1: rest, 4: four, 8: eight}
    return [
        np.abs(sums[width]).max(axis=0) / (limit * width**2 * roughness[:, None, None])
        for width, limit in LIMITS.items()
    ]


def _locate(found: _Comparison, index: int, image: int) -> Residual:
    """Where one image differs most: the pixel that does, in the window that does; ``image`` is its number elsewhere."""
    worst = int(np.argmax([float(window[index].max()) for window in found.windows]))
    window, width = found.windows[worst][index], (*LIMITS, *LIMITS)[worst]
    stride = 1 if width == 1 else 2
    top, left = (stride * int(place) for place in np.unravel_index(window.argmax(), window.shape))
    values = np.concatenate([found.brightness[:, index], found.colour[:, index]])  # (3, S, S)
    part = np.abs(values[:, top : top + width, left : left + width]).sum(axis=0)
    row, column = np.unravel_index(part.argmax(), part.shape)
    row, column = top + int(row), left + int(column)
    return Residual(image, row, column, values[:, row, column])
