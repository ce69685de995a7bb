"""Errors between images in [0, 1], the guide's evaluation metrics.

Own code, because torchmetrics has an infinite PSNR for equal images, and a mean over images needs a finite one; a test
compares the rest with it.
"""

from __future__ import annotations

import torch
from torch import Tensor

LOWEST_MSE = 1e-10
"""Caps the PSNR of equal images at 100 dB."""


def image_errors(images: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """Mean squared error, mean absolute error and peak signal-to-noise ratio of (B, 3, S, S) images.

    Returns:
        scalars ``mse``, ``mae`` and ``psnr``; the last in dB, the mean of each image's own.
    """
    difference = (images.float() - targets.float()).flatten(1)
    mse = difference.square().mean(dim=1)
    psnr = -10 * torch.log10(mse.clamp(min=LOWEST_MSE))
    return {"mse": mse.mean(), "mae": difference.abs().mean(), "psnr": psnr.mean()}
