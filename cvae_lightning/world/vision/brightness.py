"""Colours as brightness and two colour differences, in which JPEG and the eye judge them: ITU-R BT.601."""

from __future__ import annotations

import numpy as np

from cvae_lightning.world.vision.colour_matching import Floats
from cvae_lightning.world.world import World


def ycc(red: Floats, green: Floats, blue: Floats) -> tuple[Floats, Floats, Floats]:
    """Brightness and colour differences: Y, Cb and Cr of ITU-R BT.601, without offsets.

    >>> [round(float(value), 3) for value in ycc(np.array(1.0), np.array(1.0), np.array(1.0))]
    [1.0, 0.0, 0.0]
    """
    brightness = 0.299 * red + 0.587 * green + 0.114 * blue
    return brightness, 0.564 * (blue - brightness), 0.713 * (red - brightness)


def rgb(brightness: Floats, blue: Floats, red: Floats) -> Floats:
    """Red, green and blue of what :func:`ycc` gives.

    >>> rgb(*ycc(np.array(30.0), np.array(20.0), np.array(10.0))).round(6).tolist()
    [30.0, 20.0, 10.0]
    """
    red, blue = brightness + red / 0.713, brightness + blue / 0.564
    return np.stack([red, (brightness - 0.299 * red - 0.114 * blue) / 0.587, blue])


def colour_values(world: World) -> Floats:
    """(C, 3) the tint of each of a world's colours, as brightness and colour differences."""
    tint = np.subtract(world.background, list(world.colours.values())).astype(np.float64)
    return np.stack(ycc(*tint.T), axis=1)
