"""Alterations that leave a picture right up to some amount, such as blur and compression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage

Images = NDArray[np.uint8]

REFERENCE_SIDE = 64
"""Lengths in pixels are those of a picture of this side, and grow with the side."""


def blurred(images: Images, sigma: float) -> Images:
    """(N, S, S, 3) after Pillow's Gaussian blur with a standard deviation in pixels of 64."""
    scaled = ImageFilter.GaussianBlur(sigma * images.shape[1] / REFERENCE_SIDE)
    return np.stack([np.asarray(Image.fromarray(image).filter(scaled)) for image in images])


def noisy(images: Images, sigma: float) -> Images:
    """(N, S, S, 3) plus Gaussian noise with a standard deviation of 255, cut to 0..255."""
    noise = np.random.default_rng(0).normal(0, sigma, images.shape)
    return np.clip(np.round(images + noise), 0, 255).astype(np.uint8)


def saved(images: Images, quality: float) -> Images:
    """(N, S, S, 3) after Pillow's JPEG, which keeps colours at half the resolution."""
    return np.stack([_saved(image, int(quality)) for image in images])


def _saved(image: Images, quality: int) -> Images:
    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def faded(images: Images, opacity: float) -> Images:
    """(N, S, S, 3) mixed with the canvas, which the first pixel shows; an opacity of 1 leaves them as they are."""
    canvas = images[:, :1, :1].astype(np.float64)
    return np.round(canvas + opacity * (images - canvas)).astype(np.uint8)


def shifted(images: Images, by: float) -> Images:
    """(N, S, S, 3) moved right and down by a part of a pixel, with linear interpolation."""
    moved = ndimage.shift(images.astype(float), (0, by, by, 0), order=1, mode="nearest")
    return np.round(moved).astype(np.uint8)


def enlarged(images: Images, factor: float) -> Images:
    """(N, T, T, 3) enlarged, bicubic."""
    return _resized(images, round(factor * images.shape[1]), Image.Resampling.BICUBIC)


def enlarged_and_reduced(images: Images, factor: float) -> Images:
    """(N, S, S, 3) enlarged and reduced to their side again, by Lanczos' filter."""
    side = images.shape[1]
    return _resized(_resized(images, round(factor * side), Image.Resampling.LANCZOS), side, Image.Resampling.LANCZOS)


def _resized(images: Images, side: int, how: Image.Resampling) -> Images:
    return np.stack([np.asarray(Image.fromarray(image).resize((side, side), how)) for image in images])


@dataclass(frozen=True, slots=True)
class Alteration:
    """Something that is done to right pictures.

    Attributes:
        alter: alters images by an amount.
        amounts: the smallest change first.
        unit: of the amounts.
        bar: the amount up to which all pictures should pass, or None where the specification sets none.
    """

    alter: Callable[[Images, float], Images]
    amounts: tuple[float, ...]
    unit: str
    bar: float | None


ALTERATIONS = {
    "blur": Alteration(blurred, (0.25, 0.5, 1, 1.25, 1.5, 2), "standard deviation of a blur, pixels of 64", 0.5),
    "jpeg": Alteration(saved, (95, 90, 85, 75, 55), "quality of JPEG", 90),
    "shift": Alteration(shifted, (0.1, 0.25, 0.5), "shift in pixels, linear", 0.5),
    "enlarged": Alteration(enlarged, (1.25, 1.5, 2), "enlarged so many times, bicubic", 2),
    "resized_twice": Alteration(enlarged_and_reduced, (1.25, 1.5, 2), "enlarged so many times and reduced, Lanczos", 2),
    "noise": Alteration(noisy, (4, 8, 12, 16, 20), "standard deviation of noise, of 255", None),
    "fading": Alteration(faded, (0.96, 0.92, 0.9, 0.88, 0.84), "opacity of all things", None),
}
