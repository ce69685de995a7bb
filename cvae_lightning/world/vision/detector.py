"""Pixels to detections, without any information about what should be there.

Solid pixels that touch make a region, which then takes in its soft edges; sums of opacity over a region give
area, centre and silhouette to a small fraction of a pixel. `colour_matching` decides on its colour and
`shape_matching` on its shape; its size is that of the nearest nominal radius.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import ceil, log, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.named import DEFAULT
from cvae_lightning.world.renderer import LARGEST, SMALLEST
from cvae_lightning.world.scene import UNCLEAR
from cvae_lightning.world.vision.colour_matching import match_colours, opacities, palette, tints
from cvae_lightning.world.vision.comparison import compare
from cvae_lightning.world.vision.fitted import FittedThings
from cvae_lightning.world.vision.segmentation import grow, label
from cvae_lightning.world.vision.shape_matching import Floats, Ints, errors, measure, shapes
from cvae_lightning.world.world import World

# Thresholds. In brackets the extremes of 1,252 rendered things at 64 px, as they are / blurred by 1 px /
# with noise of 16 of 255; experiments/judge has the rates at which images fail them.
#
# Least opacity of a pixel that is part of a thing. A pixel between two tips less than a pixel apart has less.
SOLID_OPACITY = 0.5
# Least area of a thing, or of all faint pixels of an image together, as a part of the smallest thing's area.
# What is smaller is ignored.
MIN_AREA = 0.25
# How far a region grows into its edges, as a fraction of the side: 4 px at 64, the reach of a blur of 1.5 px.
EDGE_WIDTH = 0.055
# Largest error of a shape [0.022 / 0.025 / 0.12], and least ratio of the second smallest error to it
# [9.8 / 7.4 / 2.5]. A wrong shape has 0.19 or more, two merged things usually 0.3.
MAX_SHAPE_ERROR = 0.12
MIN_SHAPE_RATIO = 1.5
# Radius of what a strict world's comparison finds outside of all things, as a fraction of the side.
SPOT = 0.03

# Images of at least twice this side are first averaged over squares of pixels, to this side or a little more.
WORKING_SIDE = 64
# Pixels processed at a time: few enough for the processor's cache.
PIXELS_AT_ONCE = 1 << 16


@dataclass(frozen=True, slots=True)
class Detection:
    """A thing found in an image.

    Attributes:
        shape, colour, size: words of a world's ``shapes``, ``colours`` and ``sizes``, or ``UNCLEAR``.
        x, y: its centre as fractions of the canvas side, from the top-left corner, y down.
        r: its radius as a fraction of the side. Where the shape is unclear, centre and radius are those of the
            most likely shape; where nothing is clear, those of a disc of the same area.
        confidence: 0 to 1: 1 for an ideal thing of nominal size, 0 where one of the words is unclear.

    >>> Detection("circle", "red", UNCLEAR, x=0.25, y=0.5, r=0.2, confidence=0.0).size
    'unclear'
    """

    shape: str
    colour: str
    size: str
    x: float
    y: float
    r: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Regions:
    """P pixels of K regions, region after region.

    Attributes:
        tint: (P, 3).
        x, y: (P) centres of the pixels, in pixels.
        begins: (K) the first pixel of each region.
        image: (K) the image of each region.
    """

    tint: Floats
    x: Floats
    y: Floats
    begins: Ints
    image: Ints


def detect(images: NDArray[np.uint8], *, world: World = DEFAULT) -> list[tuple[Detection, ...]]:
    """The things in images.

    What has no clear shape or no clear colour is detected too, as ``UNCLEAR``: two things that touch, a smear,
    a thing faded by half. All faint or small remains of an image together make one more such detection, unless
    their area is negligible.

    In a strict world, images whose things are all clear are then compared with a drawing of them (`comparison`). Where
    they differ, the thing becomes unclear, or there is one more unclear detection.

    Args:
        images: (N, S, S, 3) uint8 RGB with S from 32 to 512.
        world: whose things are looked for.

    Returns:
        the detections in each of the N images.

    Raises:
        ValueError: the images have another type, shape or size.

    >>> from cvae_lightning.world import Scene, Thing, render
    >>> (found,) = detect(render([Scene((Thing("star", "blue", "large", x=0.5, y=0.4, r=0.165),))], size=64))
    >>> [(thing.size, thing.colour, thing.shape, round(thing.x, 2), round(thing.y, 2)) for thing in found]
    [('large', 'blue', 'star', 0.5, 0.4)]
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (images.shape[1],) * 2 + (3,):
        raise ValueError(f"images are {images.dtype} {images.shape}: expected uint8 (N, S, S, 3)")
    size = images.shape[1]
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f"image size is {size}: expected {SMALLEST} to {LARGEST} pixels")
    factor = max(1, size // WORKING_SIDE)
    step = max(1, PIXELS_AT_ONCE // (size // factor) ** 2)
    chunks = (images[start : start + step] for start in range(0, len(images), step))
    return [
        things for chunk in chunks for things in _detect(tints(chunk, factor, world.background), size / factor, world)
    ]


def _detect(tint: Floats, side: float, world: World) -> list[tuple[Detection, ...]]:
    """The detections in images of (N, H, H, 3) tints whose canvas is ``side`` pixels wide."""
    opacity = opacities(tint, palette(world))  # (N, H, H)
    labels = _label_things(opacity, _min_area(world) * side**2, side)  # (N, H, H)
    # The background adds nothing to sums but their last bits, which version 1 keeps.
    things = _fit(_gather(tint, labels * _visible(tint) if world.strict else labels), side, world)
    opacity[labels > 0] = 0
    remains = _faint_remains(opacity, _min_area(world) * side**2)
    if world.strict:
        settled = np.array([image for image, *_ in remains], np.int64)
        things, more = compare(tint, labels, things, settled, side, world)
        remains += [(image, x, y, SPOT * side) for image, x, y in more]
    found: list[list[Detection]] = [[] for _ in tint]
    for image, thing in zip(things.image.tolist(), _detections(things, side, world), strict=True):
        found[image].append(thing)
    for image, x, y, r in remains:
        found[image].append(Detection(UNCLEAR, UNCLEAR, UNCLEAR, x / side, y / side, r / side, 0.0))
    return [tuple(members) for members in found]


def _label_things(opacity: Floats, min_area: float, side: float) -> Ints:
    """(N, H, H) the number of the thing that each pixel belongs to, from 1; 0 for pixels of no thing."""
    labels, count = label(opacity >= SOLID_OPACITY)
    large = np.bincount(labels.ravel(), minlength=count + 1) >= min_area  # (count + 1)
    large[0] = False
    labels = np.where(large, np.cumsum(large), 0)[labels]
    grow(labels, ceil(EDGE_WIDTH * side))
    return labels


@cache
def _min_area(world: World) -> float:
    """The area below which a region is ignored, as a fraction of the canvas."""
    smallest = min(shape.area for shape in shapes(world)) * (min(world.sizes.values()) * world.radius_range[0]) ** 2
    return MIN_AREA * smallest


@cache
def _max_size_error(world: World) -> float:
    """Largest difference of the radius from a size's, in logarithms: half of that between the closest two sizes.

    In the default world that is 11 % more than its things differ.
    """
    radii = list(world.sizes.values())
    if len(radii) == 1:
        return 2 * max(abs(log(end)) for end in world.radius_range)
    return 0.5 * min(log(large / small) for small, large in pairwise(radii))


def _visible(tint: Floats) -> NDArray[np.bool_]:
    """(N, H, H) where images are not the background."""
    red, green, blue = np.moveaxis(tint != 0, -1, 0)
    shown: NDArray[np.bool_] = red | green | blue
    return shown


def _gather(tint: Floats, labels: Ints) -> _Regions:
    """The pixels of each thing of (N, H, H) labels, in the order of the things."""
    flat = labels.ravel()
    pixels = np.flatnonzero(flat)  # (P)
    pixels = pixels[np.argsort(flat[pixels], kind="stable")]
    image, row, column = np.unravel_index(pixels, labels.shape)  # (P) each
    begins = np.flatnonzero(np.diff(flat[pixels], prepend=0))  # (K)
    # The border is one pixel wide, and a pixel's centre lies half a pixel further in.
    x, y = (index - np.float64(0.5) for index in (column, row))
    return _Regions(tint=tint.reshape(-1, 3)[pixels], x=x, y=y, begins=begins, image=image[begins])


def _fit(regions: _Regions, side: float, world: World) -> FittedThings:
    """The thing that fits each region best."""
    if not len(regions.begins):
        none, nowhere = np.empty(0, np.int64), np.empty(0)
        return FittedThings(
            image=none, shape=none, colour=none, size=none, x=nowhere, y=nowhere, r=nowhere, clear=np.empty((3, 0))
        )
    hue, hue_clear, opacity = match_colours(regions.tint, regions.begins, palette(world))
    found = measure(regions.x, regions.y, opacity, regions.begins)
    error = errors(found.waves, world)  # (K, H)
    best, second = np.partition(error, 1, axis=1)[:, :2].T  # (K) each
    shape = error.argmin(axis=1)  # (K)
    shape_clear = 1 - np.maximum(best / MAX_SHAPE_ERROR, MIN_SHAPE_RATIO * best / second)
    area, drop = np.array([(known.area, known.drop) for known in shapes(world)])[shape].T
    r = np.sqrt(found.area / area)
    away = np.abs(np.log((r / side)[:, None] / list(world.sizes.values())))  # (K, number of sizes)
    size_clear = 1 - away.min(axis=1) / _max_size_error(world)
    return FittedThings(
        image=regions.image,
        shape=shape,
        colour=hue,
        size=away.argmin(axis=1),
        x=found.x,
        y=found.y - drop * r,
        r=r,
        clear=np.stack([shape_clear, hue_clear, size_clear]),
    )


def _detections(things: FittedThings, side: float, world: World) -> list[Detection]:
    """The detection of each thing."""
    confidence = np.clip(things.clear.min(axis=0), 0, 1)
    words = (
        _words(known, which, clear)
        for known, which, clear in zip(
            (world.shapes, world.colours, world.sizes),
            (things.shape, things.colour, things.size),
            things.clear,
            strict=True,
        )
    )
    lengths = ((length / side).tolist() for length in (things.x, things.y, things.r))
    return list(map(Detection, *words, *lengths, confidence.tolist()))


def _words(known: Iterable[str], which: Ints, clear: Floats) -> list[str]:
    words = tuple(known)
    return [words[k] if sure > 0 else UNCLEAR for k, sure in zip(which.tolist(), clear.tolist(), strict=True)]


def _faint_remains(opacity: Floats, min_area: float) -> list[tuple[int, float, float, float]]:
    """The remaining opacity (N, H, H) of each image that has enough of it: image, centre and radius in pixels."""
    centres = np.arange(opacity.shape[1]) - 0.5  # (H) of pixels
    remains = []
    for image in np.flatnonzero(opacity.sum(axis=(1, 2)) >= min_area).tolist():
        area = opacity[image].sum()
        x, y = (float(opacity[image].sum(axis=axis) @ centres / area) for axis in (0, 1))
        remains.append((image, x, y, sqrt(area / pi)))
    return remains
