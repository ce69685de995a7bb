"""Which shape a silhouette is: its low spatial frequencies against those of the six shapes.

A silhouette is the opacity of the pixels of one thing. With lengths measured from its centre of mass in
units of the root of its area, a shape looks the same at any place and size, and so do its Fourier
coefficients. A blur multiplies each of them by a known factor, so blurred things are compared with
equally blurred shapes; an edge mixed over one pixel is a small blur too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.renderer import LARGEST, render
from cvae_lightning.world.scene import BACKGROUND, COLOURS, SHAPES, Scene, Thing

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Ints = NDArray[np.int64]

# A shape fits in a square of this side, in units of the root of its area; waves have it as their period.
PERIOD = 2.4
# The most waves across that square in either direction: the finest is 0.6 units long, about a star's arm.
WAVES = 3
# Standard deviations of blur that shapes are compared at, in the same unit.
# A small star is 6.6 px large at 64 px: there the last one is a blur of 1.5 px, and more is no clear shape.
BLURS = np.arange(0.02, 0.23, 0.015)

# One of each pair of opposite waves, as the other has the complex conjugate; the constant one is left out.
_ACROSS, _DOWN = (m.ravel() for m in np.meshgrid(np.arange(WAVES + 1), np.arange(-WAVES, WAVES + 1), indexing="ij"))
_KEPT = (_ACROSS > 0) | (_DOWN > 0)


@dataclass(frozen=True, slots=True)
class Silhouettes:
    """K silhouettes in C-order arrays: area (K), centre x and y (K) in pixels, and coefficients (K, F)."""

    area: Floats
    x: Floats
    y: Floats
    waves: Complexes


@dataclass(frozen=True, slots=True)
class Shape:
    """What a shape of radius 1 has: its area, how far its centre of mass lies below its centre, its (F) waves."""

    area: float
    drop: float
    waves: Complexes


def measure(x: Floats, y: Floats, opacity: Floats, begins: Ints) -> Silhouettes:
    """Measure silhouettes.

    Args:
        x, y, opacity: (P) pixels of K silhouettes, one silhouette after the other; each has a positive sum.
        begins: (K) where each silhouette begins.
    """
    ends = np.append(begins[1:], len(x))
    owner = np.repeat(np.arange(len(begins)), ends - begins)
    area = np.add.reduceat(opacity, begins)
    centre_x = np.add.reduceat(opacity * x, begins) / area
    centre_y = np.add.reduceat(opacity * y, begins) / area
    turn = -2j * np.pi / (PERIOD * np.sqrt(area))[owner]
    # A wave is one across times one down, so all of a silhouette's are one small product of matrices.
    across = _powers(np.exp(turn * (x - centre_x[owner]))) * opacity
    down = _powers(np.exp(turn * (y - centre_y[owner])))
    down = np.concatenate((down[:0:-1].conj(), down))
    spans = zip(begins.tolist(), ends.tolist(), strict=True)
    products = np.stack([across[:, begin:end] @ down[:, begin:end].T for begin, end in spans])
    waves = products.reshape(len(begins), -1)[:, _KEPT] / area[:, None]
    return Silhouettes(area, centre_x, centre_y, waves)


def errors(waves: Complexes) -> Floats:
    """(K, 6) how far (K, F) silhouettes are from each of ``SHAPES``, each as sharp or blurred as fits it best.

    0 is the shape itself; 1 is as far as a formless spot.
    """
    known = _blurred()
    power = (np.abs(known) ** 2).sum(axis=-1)
    overlap = np.einsum("kf,sbf->ksb", waves.conj(), known).real
    far = (np.abs(waves) ** 2).sum(axis=-1)[:, None, None] - 2 * overlap + power
    nearest: Floats = np.maximum(far / power, 0).min(axis=-1)
    return np.sqrt(nearest)


@cache
def shapes() -> tuple[Shape, ...]:
    """The six shapes, as measured on large and finely drawn ones."""
    r = 0.3
    pictures = render([Scene((Thing(shape, "black", "large", 0.5, 0.5, r),)) for shape in SHAPES], LARGEST)
    paper, ink = BACKGROUND[0], COLOURS["black"][0]
    number, row, column = np.nonzero(pictures[..., 0] < paper)
    opacity = (paper - pictures[number, row, column, 0].astype(float)) / (paper - ink)
    found = measure(
        column + np.float64(0.5), row + np.float64(0.5), opacity, np.searchsorted(number, np.arange(len(SHAPES)))
    )
    unit = r * LARGEST
    drops = (found.y - LARGEST / 2) / unit
    return tuple(
        Shape(float(area), float(drop), waves)
        for area, drop, waves in zip(found.area / unit**2, drops, found.waves, strict=True)
    )


@cache
def _blurred() -> Complexes:
    """(6, B, F) the waves of each shape at each blur."""
    squared = (2 * np.pi / PERIOD) ** 2 * (_ACROSS**2 + _DOWN**2)[_KEPT]
    fade = np.exp(-0.5 * BLURS[:, None] ** 2 * squared)
    return np.stack([shape.waves for shape in shapes()])[:, None, :] * fade


def _powers(base: Complexes) -> Complexes:
    """(WAVES + 1, P) the powers of (P) numbers, from 0 on."""
    powers = np.ones((WAVES + 1, len(base)), complex)
    for k in range(1, WAVES + 1):
        np.multiply(powers[k - 1], base, out=powers[k])
    return powers
