"""A second look at images whose things are all clear: what touches, and what is there besides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cvae_lightning.world.vision.brightness import colour_values
from cvae_lightning.world.vision.colour_matching import Floats
from cvae_lightning.world.vision.contacts import touching
from cvae_lightning.world.vision.fitted import COLOUR, SHAPE, FittedThings, Ints
from cvae_lightning.world.vision.residuals import Residual, residuals
from cvae_lightning.world.world import World

# A difference is one of opacity, not of colour, if the cosine of its angle to the thing's own tint is at least this.
SAME_HUE = 0.9


def compare(
    tint: Floats, labels: Ints, things: FittedThings, settled: Ints, side: float, world: World
) -> tuple[FittedThings, list[tuple[int, float, float]]]:
    """Make unclear what is not as it should look.

    Args:
        tint: (N, H, H, 3) of the images, with a border of one pixel.
        labels: (N, H, H) the number of the thing of each pixel, from 1, and 0 outside of things.
        things: all things of the images.
        settled: indices of images that are not compared.
        side: of the canvas in pixels.
        world: of the things.

    Returns:
        the things, of which some are no longer clear; and image, x and y, in pixels, of what is not a part of any.
    """
    clear = things.clear.copy()
    clear[SHAPE, touching(things, side, world)] = 0
    compared = np.ones(len(tint), bool)
    compared[settled] = False
    compared[things.image[(clear <= 0).any(axis=0)]] = False
    images = np.flatnonzero(compared)
    more = []
    if len(images):
        inner = tint[compared, 1:-1, 1:-1], labels[compared, 1:-1, 1:-1]
        for found in residuals(*inner, things.of_images(compared), world):
            image = int(images[found.image])
            thing = int(labels[image, found.row + 1, found.column + 1]) - 1
            if thing < 0:
                more.append((image, found.column + 0.5, found.row + 0.5))
            else:
                clear[_broken(found, int(things.colour[thing]), world), thing] = 0
    return replace(things, clear=clear), more


def _broken(found: Residual, colour: int, world: World) -> int:
    """What is unclear about a thing: its shape, where its colour is too strong or too weak, or its colour."""
    own = colour_values(world)[colour]
    cosine = abs(own @ found.ycc) / np.sqrt((own @ own) * (found.ycc @ found.ycc))
    return SHAPE if cosine >= SAME_HUE else COLOUR
