"""Which colour pixels have and how opaque they are, by how they differ from the background.

A pixel's tint is the background minus its colour, channel by channel. Where a colour covers part of a pixel,
the tint is that part of the colour's own tint: its direction gives the colour and its length the opacity, at
edges too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.world import RGB, World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Thresholds; the brackets are explained in `detector`.
#
# Least opacity of a faint pixel: one that is visible, but not part of a thing or its edge.
FAINT_OPACITY = 0.25
# Largest angle in degrees between a thing's tint and its colour's [0.05 / 0.23 / 5.7], and least ratio of the
# second smallest angle to it [430 / 75 / 2.5]. The closest colours, orange and yellow or green and black, are
# 17 degrees apart.
MAX_HUE_ANGLE = 12.0
MIN_HUE_RATIO = 1.4
# Largest part of a thing's tint that has other directions than its mean [0.002 / 0.02 / 0.21].
MAX_OTHER_HUES = 0.25
# Largest difference of a thing's opacity from 1 [0.03 / 0.13 / 0.05]; a thing faded by half has 0.5.
MAX_OPACITY_ERROR = 0.25


@dataclass(frozen=True, slots=True)
class Palette:
    """The tints of a world's C colours.

    Attributes:
        directions: (C, 3) of length 1.
        lengths: (C).
        least_sum: the smallest sum over the channels of a colour's tint.
    """

    directions: Floats
    lengths: Floats
    least_sum: float


@cache
def palette(world: World) -> Palette:
    """The tints of a world's colours, in its order."""
    known = np.subtract(world.background, list(world.colours.values())).astype(np.float64)
    lengths = np.sqrt((known**2).sum(axis=1))
    return Palette(known / lengths[:, None], lengths, float(known.sum(axis=1).min()))


def tints(images: NDArray[np.uint8], factor: int, background: RGB) -> Floats:
    """(N, H, H, 3) the tint of (N, S, S, 3) images, averaged over squares, with a border of one pixel of zeros."""
    count, size = images.shape[:2]
    squares = ceil(size / factor)
    tint = np.subtract(background, images, dtype=np.float32)  # (N, S, S, 3)
    if factor > 1:
        rest = (0, squares * factor - size)
        tint = np.pad(tint, ((0, 0), rest, rest, (0, 0)))
        tint = tint.reshape(count, squares, factor, squares, factor, 3).mean(axis=2).mean(axis=3)
    padded = np.zeros((count, squares + 2, squares + 2, 3))  # (N, H, H, 3)
    padded[:, 1:-1, 1:-1] = tint
    return padded


def opacities(tint: Floats, known: Palette) -> Floats:
    """(N, H, H) the opacity of each pixel in the colour of the nearest hue; 0 where it is below ``FAINT_OPACITY``."""
    opacity = np.zeros(tint.shape[:-1])
    # A quick first selection: the sum over the channels is the opacity times that of the colour's tint.
    visible = tint[..., 0] + tint[..., 1] + tint[..., 2] > 0.9 * FAINT_OPACITY * known.least_sum
    # Written out, since a library's matrix product this narrow would start threads without a gain.
    red, green, blue = tint[visible].T  # (P) each
    along = np.stack([a * red + b * green + c * blue for a, b, c in known.directions.tolist()])  # (C, P)
    hue = along.argmax(axis=0)  # (P)
    in_hue = along[hue, np.arange(len(hue))] / known.lengths[hue]  # (P)
    opacity[visible] = np.where(in_hue >= FAINT_OPACITY, in_hue, 0)
    return opacity


def match_colours(tint: Floats, begins: Ints, known: Palette) -> tuple[Ints, Floats, Floats]:
    """The colour of regions.

    Args:
        tint: (P, 3) pixels of K regions, region after region.
        begins: (K) the first pixel of each region.
        known: the colours.

    Returns:
        (K) the index of the nearest colour; (K) how clear it is, at most 1 and positive where it is
        clear; and (P) the opacity of the pixels in that colour.
    """
    lengths = np.diff(np.append(begins, len(tint)))  # (K)
    # Mixing with the background does not change the direction of a sum of tints.
    hue = np.add.reduceat(tint, begins)  # (K, 3)
    hue /= np.sqrt((hue**2).sum(axis=1))[:, None]
    angles = np.degrees(np.arccos(np.clip(hue @ known.directions.T, -1, 1)))  # (K, C)
    colour = angles.argmin(axis=1)  # (K)
    near, next_best = np.partition(angles, 1, axis=1)[:, :2].T  # (K) each
    unit = np.repeat(known.directions[colour] / known.lengths[colour, None], lengths, axis=0)  # (P, 3)
    opacity = (tint * unit).sum(axis=1)  # (P)
    own = (tint * np.repeat(hue, lengths, axis=0)).sum(axis=1)  # (P)
    strength = (tint**2).sum(axis=1)  # (P)
    other = np.add.reduceat(strength - own**2, begins) / np.add.reduceat(strength, begins)  # (K)
    # Strong pixels count most, as those at the edge are mixed with the background.
    weight = strength**3  # (P)
    solid = np.add.reduceat(weight * opacity, begins) / np.add.reduceat(weight, begins)
    far = np.maximum(near / MAX_HUE_ANGLE, MIN_HUE_RATIO * near / next_best)
    doubts = (far, np.sqrt(np.maximum(other, 0)) / MAX_OTHER_HUES, np.abs(solid - 1) / MAX_OPACITY_ERROR)
    return colour, 1 - np.max(doubts, axis=0), opacity
