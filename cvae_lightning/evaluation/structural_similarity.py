"""Structural similarity of images, as torchmetrics computes it, whose import takes longer than a thousand images."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

WINDOW, SIGMA = 11, 1.5
"""Side of the Gaussian window and its standard deviation, in pixels."""
C1, C2 = 0.01**2, 0.03**2
"""For values in [0, 1]."""


def structural_similarity(images: Tensor, targets: Tensor) -> Tensor:
    """Structural similarity (Wang et al. 2004, eq. 13) of each image and its target, with reflected borders.

    Args:
        images: (B, C, H, W) in [0, 1], of at least 6 pixels a side.
        targets: (B, C, H, W).

    Returns:
        (B,), 1 where the two are equal.

    Example:
        >>> images = torch.rand(2, 3, 16, 16)
        >>> structural_similarity(images, images).tolist()
        [1.0, 1.0]
    """
    mean_x, mean_y, xx, yy, xy = _smooth(
        torch.stack([images, targets, images * images, targets * targets, images * targets])
    )
    variances = (xx - mean_x.square()).clamp(min=0) + (yy - mean_y.square()).clamp(min=0)
    covariance = xy - mean_x * mean_y
    top = (2 * mean_x * mean_y + C1) * (2 * covariance + C2)
    bottom = (mean_x.square() + mean_y.square() + C1) * (variances + C2)
    return (top / bottom).flatten(1).mean(dim=1)


def _smooth(images: Tensor) -> Tensor:
    """(5, B, C, H, W) averaged over Gaussian windows."""
    steps = torch.arange(WINDOW, device=images.device, dtype=images.dtype) - WINDOW // 2
    weights = (-(steps / SIGMA).square() / 2).exp()
    weights = weights / weights.sum()
    flat = functional.pad(images.flatten(0, 2).unsqueeze(1), [WINDOW // 2] * 4, mode="reflect")  # (5 B C, 1, H', W')
    flat = functional.conv2d(flat, weights[None, None, :, None])
    flat = functional.conv2d(flat, weights[None, None, None, :])
    return flat.reshape(images.shape)
