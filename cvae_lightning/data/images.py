"""From the floats that models give to the bytes that files hold and judges look at."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def to_uint8(images: Tensor) -> NDArray[np.uint8]:
    """Images (B, 3, S, S), floats in [0, 1] or bytes, to (B, S, S, 3) bytes."""
    if images.dtype != torch.uint8:
        images = (images.detach().float().clamp(0, 1) * 255).round().to(torch.uint8)
    return images.permute(0, 2, 3, 1).cpu().numpy()
