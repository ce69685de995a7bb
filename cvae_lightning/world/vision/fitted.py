"""Things as the detector fits them to the pixels, before it has words for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHAPE, COLOUR, SIZE = 0, 1, 2
"""Rows of ``FittedThings.clear``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedThings:
    """K things of some images, in the order of the images.

    Attributes:
        image: (K) the index of the image of each thing.
        shape, colour, size: (K) indices of the nearest of a world's ``shapes``, ``colours`` and ``sizes``.
        x, y, r: (K) centre and radius in pixels.
        clear: (3, K) how clear shape, colour and size are: at most 1, and positive where they are clear.
    """

    image: Ints
    shape: Ints
    colour: Ints
    size: Ints
    x: Floats
    y: Floats
    r: Floats
    clear: Floats

    def of_images(self, chosen: NDArray[np.bool_]) -> FittedThings:
        """The things of the chosen of N images (N), which are numbered from 0 again."""
        kept, number = chosen[self.image], np.cumsum(chosen) - 1
        return FittedThings(
            image=number[self.image[kept]],
            shape=self.shape[kept],
            colour=self.colour[kept],
            size=self.size[kept],
            x=self.x[kept],
            y=self.y[kept],
            r=self.r[kept],
            clear=self.clear[:, kept],
        )
