"""Which shape a silhouette has: its low spatial frequencies compared with those of a world's shapes.

A silhouette is the opacity of the pixels of one thing. With lengths measured from its centre of mass in units
of the root of its area, the Fourier coefficients of a shape do not depend on its position or size. A Gaussian
blur multiplies each of them by a known factor, so blurred things are compared with equally blurred shapes; an
edge mixed over one pixel counts as a small blur.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.renderer import LARGEST, silhouettes
from cvae_lightning.world.scene import Scene, Thing
from cvae_lightning.world.world import World

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Ints = NDArray[np.int64]

# The side of a square that any shape fits in, in units of the root of its area: the period of the lowest wave.
PERIOD = 2.4
# The highest frequency in either direction, in waves per period: the shortest wave is 0.6 units long, about the
# length of a star's arm.
MAX_FREQUENCY = 3
# Standard deviations of blur that shapes are compared at, in the same unit.
# The root of a small star's area is 6.6 px at 64 px: there the last one is a blur of 1.5 px. A thing with more blur
# has no clear shape.
BLURS = np.arange(0.02, 0.23, 0.015)

# One wave of each pair of opposite directions, since the other has the complex conjugate; without the constant.
_ACROSS, _DOWN = (
    frequency.ravel()
    for frequency in np.meshgrid(
        np.arange(MAX_FREQUENCY + 1), np.arange(-MAX_FREQUENCY, MAX_FREQUENCY + 1), indexing="ij"
    )
)
_KEPT = (_ACROSS > 0) | (_DOWN > 0)


@dataclass(frozen=True, slots=True)
class Silhouettes:
    """K silhouettes.

    Attributes:
        area: (K) in pixels.
        x, y: (K) centre of mass in pixels.
        waves: (K, F) Fourier coefficients.
    """

    area: Floats
    x: Floats
    y: Floats
    waves: Complexes


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape of radius 1.

    Attributes:
        area: in units of the squared radius.
        drop: how far its centre of mass lies below its centre.
        waves: (F) Fourier coefficients.
    """

    area: float
    drop: float
    waves: Complexes


def measure(x: Floats, y: Floats, opacity: Floats, begins: Ints) -> Silhouettes:
    """Measure silhouettes.

    Args:
        x, y, opacity: (P) pixels of K silhouettes, one silhouette after the other; each has a positive sum.
        begins: (K) the first pixel of each silhouette.
    """
    ends = np.append(begins[1:], len(x))  # (K)
    owner = np.repeat(np.arange(len(begins)), ends - begins)  # (P)
    area = np.add.reduceat(opacity, begins)  # (K)
    centre_x = np.add.reduceat(opacity * x, begins) / area
    centre_y = np.add.reduceat(opacity * y, begins) / area
    turn = -2j * np.pi / (PERIOD * np.sqrt(area))[owner]  # (P)
    # A wave is a product of one across and one down, so all coefficients of a silhouette are one matrix product.
    across = _powers(np.exp(turn * (x - centre_x[owner]))) * opacity  # (MAX_FREQUENCY + 1, P)
    down = _powers(np.exp(turn * (y - centre_y[owner])))
    down = np.concatenate((down[:0:-1].conj(), down))  # (2 MAX_FREQUENCY + 1, P)
    spans = zip(begins.tolist(), ends.tolist(), strict=True)
    products = np.stack([across[:, begin:end] @ down[:, begin:end].T for begin, end in spans])
    waves = products.reshape(len(begins), -1)[:, _KEPT] / area[:, None]  # (K, F)
    return Silhouettes(area, centre_x, centre_y, waves)


def errors(waves: Complexes, world: World) -> Floats:
    """(K, H) the distance of (K, F) coefficients from each of the world's H shapes, at the blur that fits best.

    0 for the shape itself; 1 for a spot without any structure.
    """
    known = _blurred(world)  # (H, B, F)
    power = (np.abs(known) ** 2).sum(axis=-1)  # (H, B)
    overlap = np.einsum("kf,sbf->ksb", waves.conj(), known).real  # (K, H, B)
    squared = (np.abs(waves) ** 2).sum(axis=-1)[:, None, None] - 2 * overlap + power  # (K, H, B)
    nearest: Floats = np.maximum(squared / power, 0).min(axis=-1)  # (K, H)
    return np.sqrt(nearest)


@cache
def shapes(world: World) -> tuple[Shape, ...]:
    """The world's shapes, measured on large renderings at the highest resolution."""
    r = 0.3
    drawn = [Scene((Thing(shape, "any", "any", 0.5, 0.5, r),)) for shape in world.shapes]
    covered = silhouettes(drawn, LARGEST, world.shapes)
    number, row, column = np.nonzero(covered)  # (P) each
    opacity = covered[number, row, column]
    found = measure(
        column + np.float64(0.5), row + np.float64(0.5), opacity, np.searchsorted(number, np.arange(len(drawn)))
    )
    unit = r * LARGEST
    drops = (found.y - LARGEST / 2) / unit
    return tuple(
        Shape(float(area), float(drop), waves)
        for area, drop, waves in zip(found.area / unit**2, drops, found.waves, strict=True)
    )


@cache
def _blurred(world: World) -> Complexes:
    """(H, B, F) the coefficients of each shape at each blur."""
    squared = (2 * np.pi / PERIOD) ** 2 * (_ACROSS**2 + _DOWN**2)[_KEPT]
    fade = np.exp(-0.5 * BLURS[:, None] ** 2 * squared)
    return np.stack([shape.waves for shape in shapes(world)])[:, None, :] * fade


def _powers(base: Complexes) -> Complexes:
    """(MAX_FREQUENCY + 1, P) the powers of (P) numbers, from 0 on."""
    powers = np.ones((MAX_FREQUENCY + 1, len(base)), complex)
    for k in range(1, MAX_FREQUENCY + 1):
        np.multiply(powers[k - 1], base, out=powers[k])
    return powers
