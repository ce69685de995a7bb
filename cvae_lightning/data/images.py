"""Images as the model has them (floats), as files and the judge have them (bytes), and as PIL has them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from cvae_lightning.errors import UserError


def to_uint8(images: Tensor) -> NDArray[np.uint8]:
    """Images (B, 3, S, S), floats in [0, 1] or bytes, to (B, S, S, 3) bytes, rounded to the nearest."""
    if images.dtype != torch.uint8:
        images = (images.detach().float().clamp(0, 1) * 255).round().to(torch.uint8)
    return images.permute(0, 2, 3, 1).cpu().numpy()


def from_uint8(images: NDArray[np.uint8]) -> Tensor:
    """(B, S, S, 3) bytes to (B, 3, S, S) floats in [0, 1]."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255


def to_pictures(images: Tensor) -> list[Image.Image]:
    """(B, 3, S, S) in [0, 1] to PIL images."""
    return [Image.fromarray(array) for array in to_uint8(images)]


def to_pixels(image: Image.Image, size: int) -> Tensor:
    """A square PIL image to (3, S, S) in [0, 1], resized where its side differs.

    Raises:
        UserError: the image is not square.
    """
    if image.width != image.height:
        raise UserError(f"an image of {image.width} x {image.height} pixels: expected a square one")
    resized = image.convert("RGB").resize((size, size), Image.Resampling.BOX)
    return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 255
