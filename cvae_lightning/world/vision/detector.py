"""Pixels to things seen, without a word of what should be there.

A pixel's tint is how much darker than the background it is. Where a colour covers part of a pixel, the tint
is that part of the colour's own: its direction tells the colour and its length the opacity, at edges too.
Opaque pixels that touch make a thing, which takes in its soft edges; sums of opacity then give area, centre
and silhouette to a small fraction of a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, log, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.renderer import LARGEST, SMALLEST
from cvae_lightning.world.sampler import SPREAD
from cvae_lightning.world.scene import BACKGROUND, COLOURS, SHAPES, SIZES, UNCLEAR
from cvae_lightning.world.vision.segmentation import grow, label
from cvae_lightning.world.vision.shape_matching import Floats, Ints, errors, measure, shapes

# Thresholds. In brackets the extremes of 1,252 rendered things at 64 px, as they are / blurred by 1 px /
# with noise of 16 of 255; experiments/judge has the rates at which images fail them.
#
# A pixel is part of a thing from this opacity on. Tips of things less than a pixel apart cover less of it.
OPAQUE = 0.5
# Apart from things and their edges, what has at least this opacity is a ghost.
GHOSTLY = 0.25
# A thing, or all ghosts of an image together, below this part of the smallest thing's area is ignored.
SPECK = 0.25
# Edges are taken in this far, as a fraction of the side: 4 px at 64, all that a blur of 1.5 px smears.
EDGE = 0.055
# A hue is told up to this angle between tints in degrees [0.05 / 0.23 / 5.7], and where the next best is so
# many times further [430 / 75 / 2.5]: the nearest two, orange and yellow or green and black, are 17 apart.
HUE_REACH = 12.0
HUE_LEAD = 1.4
# The part of a thing's tint that may be of other hues than its own [0.002 / 0.02 / 0.21].
IMPURE = 0.25
# How far a thing's opacity may be from 1 [0.03 / 0.13 / 0.05]: a half-faded thing has 0.5.
FADED = 0.25
# A shape is told up to this error [0.022 / 0.025 / 0.12], and where that of the next best one is so many
# times larger [9.8 / 7.4 / 2.5]. The wrong shape's is 0.19 or more, that of two merged things 0.3 as a rule.
SHAPE_REACH = 0.12
SHAPE_LEAD = 1.5
# A size is told up to half the distance, in logarithms, of the nearest two: 11 % beyond the world's spread.
SIZE_REACH = 0.5 * min(log(large / small) for small, large in pairwise(SIZES.values()))

# Images of more than twice this side are first averaged over squares of pixels, down to this side or more.
ACUITY = 64
# Pixels looked at together: few enough for the processor's cache.
CHUNK = 1 << 16

_COLOURS = tuple(COLOURS)
_TINTS = np.subtract(BACKGROUND, list(COLOURS.values())).astype(np.float64)
_LENGTHS = np.sqrt((_TINTS**2).sum(axis=1))
_DIRECTIONS = _TINTS / _LENGTHS[:, None]


@dataclass(frozen=True, slots=True)
class Detection:
    """Something seen in an image.

    Attributes:
        shape, colour, size: words of ``SHAPES``, ``COLOURS`` and ``SIZES``, or ``UNCLEAR``.
        x, y: its centre as fractions of the canvas side.
        r: its radius as a fraction of the side. All three are those of the most likely shape where the
            shape is unclear, and those of a spot where nothing is clear.
        confidence: 0 to 1: 1 for an ideal thing of nominal size, 0 where one of the words is unclear.
    """

    shape: str
    colour: str
    size: str
    x: float
    y: float
    r: float
    confidence: float


@dataclass(frozen=True, slots=True)
class _Regions:
    """P pixels of K regions, region after region: (P, 3) tint, (P) centre, and (K) where each begins in which image."""

    tint: Floats
    x: Floats
    y: Floats
    begins: Ints
    image: Ints


def detect(images: NDArray[np.uint8]) -> list[tuple[Detection, ...]]:
    """The things in images.

    What is no clear shape, or of no clear colour, is seen too, as ``UNCLEAR``: two things that touch, a
    smear, a half-faded thing. The ghosts and specks of an image make one more such thing together, unless
    they are next to nothing.

    Args:
        images: (N, S, S, 3) RGB with S from 32 to 512.

    Returns:
        for each image, what is in it.

    Raises:
        ValueError: the images have another type, shape or size.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (images.shape[1],) * 2 + (3,):
        raise ValueError(f"images are {images.dtype} {images.shape}: expected uint8 (N, S, S, 3)")
    size = images.shape[1]
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f"image size is {size}: expected {SMALLEST} to {LARGEST} pixels")
    factor = max(1, size // ACUITY)
    step = max(1, CHUNK // (size // factor) ** 2)
    chunks = (images[start : start + step] for start in range(0, len(images), step))
    return [things for chunk in chunks for things in _seen(_tint(chunk, factor), size / factor)]


def _tint(images: NDArray[np.uint8], factor: int) -> Floats:
    """(N, H, H, 3) the tint of (N, S, S, 3) images, averaged over squares, in a frame of untinted pixels."""
    count, size = images.shape[:2]
    squares = ceil(size / factor)
    tint = np.subtract(BACKGROUND, images, dtype=np.float32)
    if factor > 1:
        rest = (0, squares * factor - size)
        tint = np.pad(tint, ((0, 0), rest, rest, (0, 0)))
        tint = tint.reshape(count, squares, factor, squares, factor, 3).mean(axis=2).mean(axis=3)
    framed = np.zeros((count, squares + 2, squares + 2, 3))
    framed[:, 1:-1, 1:-1] = tint
    return framed


def _seen(tint: Floats, side: float) -> list[tuple[Detection, ...]]:
    """What is in images of (N, H, H, 3) tints whose canvas is so many pixels wide."""
    opacity = _opacity(tint)
    labels = _things(opacity, side)
    seen: list[list[Detection]] = [[] for _ in tint]
    regions = _regions(tint, labels)
    if len(regions.begins):
        for number, thing in zip(regions.image.tolist(), _told(regions, side), strict=True):
            seen[number].append(thing)
    opacity[labels > 0] = 0
    for number, ghost in _ghosts(opacity, side):
        seen[number].append(ghost)
    return [tuple(things) for things in seen]


def _opacity(tint: Floats) -> Floats:
    """(N, H, H) the opacity of each pixel if it has the colour of the nearest hue; 0 where that is no ghost's."""
    opacity = np.zeros(tint.shape[:-1])
    # The sum over the channels is an opacity times the colour's: a quick first look.
    visible = tint[..., 0] + tint[..., 1] + tint[..., 2] > 0.9 * GHOSTLY * _TINTS.sum(axis=1).min()
    # Written out, since a library's product of matrices this slim would wake threads for nothing.
    red, green, blue = tint[visible].T
    along = np.stack([a * red + b * green + c * blue for a, b, c in _DIRECTIONS.tolist()])
    hue = along.argmax(axis=0)
    found = along[hue, np.arange(len(hue))] / _LENGTHS[hue]
    opacity[visible] = np.where(found >= GHOSTLY, found, 0)
    return opacity


def _things(opacity: Floats, side: float) -> Ints:
    """(N, H, H) the number of the thing that each pixel belongs to, from 1 on; 0 where it is none's."""
    labels, count = label(opacity >= OPAQUE)
    large = np.bincount(labels.ravel(), minlength=count + 1) >= _speck(side)
    large[0] = False
    labels = np.where(large, np.cumsum(large), 0)[labels]
    grow(labels, ceil(EDGE * side))
    return labels


def _speck(side: float) -> float:
    """The area in pixels below which nothing is seen."""
    smallest = min(shape.area for shape in shapes()) * (min(SIZES.values()) * SPREAD[0]) ** 2
    return SPECK * smallest * side**2


def _regions(tint: Floats, labels: Ints) -> _Regions:
    """The pixels of each thing, things in order."""
    flat = labels.ravel()
    pixels = np.flatnonzero(flat)
    pixels = pixels[np.argsort(flat[pixels], kind="stable")]
    image, row, column = np.unravel_index(pixels, labels.shape)
    begins = np.flatnonzero(np.diff(flat[pixels], prepend=0))
    # The frame is one pixel wide, and a pixel's centre lies half a pixel further in.
    x, y = (place - np.float64(0.5) for place in (column, row))
    return _Regions(tint.reshape(-1, 3)[pixels], x, y, begins, image[begins])


def _told(regions: _Regions, side: float) -> list[Detection]:
    """What each region is."""
    hue, hue_clear, opacity = _coloured(regions)
    found = measure(regions.x, regions.y, opacity, regions.begins)
    error = errors(found.waves)
    best, second = np.partition(error, 1, axis=1)[:, :2].T
    shape = error.argmin(axis=1)
    shape_clear = 1 - np.maximum(best / SHAPE_REACH, SHAPE_LEAD * best / second)
    area, drop = np.array([(known.area, known.drop) for known in shapes()])[shape].T
    r = np.sqrt(found.area / area)
    x, y, r = found.x / side, (found.y - drop * r) / side, r / side
    away = np.abs(np.log(r[:, None] / list(SIZES.values())))
    size, size_clear = away.argmin(axis=1), 1 - away.min(axis=1) / SIZE_REACH
    confidence = np.clip(np.minimum(np.minimum(hue_clear, shape_clear), size_clear), 0, 1)
    choices = ((SHAPES, shape, shape_clear), (_COLOURS, hue, hue_clear), (tuple(SIZES), size, size_clear))
    return list(
        map(
            Detection, *(_words(*choice) for choice in choices), x.tolist(), y.tolist(), r.tolist(), confidence.tolist()
        )
    )


def _coloured(regions: _Regions) -> tuple[Ints, Floats, Floats]:
    """(K) the nearest colour of each region, (K) how clear it is up to 1, and (P) the opacity in that colour."""
    lengths = np.diff(np.append(regions.begins, len(regions.x)))
    # Mixing with the background leaves the direction of a sum of tints alone.
    hue = np.add.reduceat(regions.tint, regions.begins)
    hue /= np.sqrt((hue**2).sum(axis=1))[:, None]
    angles = np.degrees(np.arccos(np.clip(hue @ _DIRECTIONS.T, -1, 1)))
    colour = angles.argmin(axis=1)
    near, next_best = np.partition(angles, 1, axis=1)[:, :2].T
    unit = np.repeat(_DIRECTIONS[colour] / _LENGTHS[colour, None], lengths, axis=0)
    opacity = (regions.tint * unit).sum(axis=1)
    own = (regions.tint * np.repeat(hue, lengths, axis=0)).sum(axis=1)
    strength = (regions.tint**2).sum(axis=1)
    other = np.add.reduceat(strength - own**2, regions.begins) / np.add.reduceat(strength, regions.begins)
    # Strong pixels count most, as those at the edge are mixed with the background.
    weight = strength**3
    solid = np.add.reduceat(weight * opacity, regions.begins) / np.add.reduceat(weight, regions.begins)
    far = np.maximum(near / HUE_REACH, HUE_LEAD * near / next_best)
    doubts = (far, np.sqrt(np.maximum(other, 0)) / IMPURE, np.abs(solid - 1) / FADED)
    return colour, 1 - np.max(doubts, axis=0), opacity


def _words(words: tuple[str, ...], which: Ints, clear: Floats) -> list[str]:
    return [words[k] if sure > 0 else UNCLEAR for k, sure in zip(which.tolist(), clear.tolist(), strict=True)]


def _ghosts(opacity: Floats, side: float) -> list[tuple[int, Detection]]:
    """The ghosts and specks of each image that has enough of them, as one thing, with the image's number."""
    places = np.arange(opacity.shape[1]) - 0.5
    ghosts = []
    for number in np.flatnonzero(opacity.sum(axis=(1, 2)) >= _speck(side)).tolist():
        area = opacity[number].sum()
        x, y = (float(opacity[number].sum(axis=axis) @ places / area / side) for axis in (0, 1))
        ghosts.append((number, Detection(UNCLEAR, UNCLEAR, UNCLEAR, x, y, sqrt(area / pi) / side, 0.0)))
    return ghosts
