"""Connected regions of pixels: neighbours that differ from the background belong together.

Pixels that touch by a corner alone do not: in 2,000 scenes of the shape world at 64 px those joined two objects five
times, and sides none.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

STEPS_BETWEEN_CHECKS = 8
"""Steps after which it is asked whether all labels have settled: asking costs about as much as a step."""


class Regions(NamedTuple):
    """The largest connected regions of each image.

    Attributes:
        labels: (B, S, S) of each pixel: its region's, 0 at the background.
        chosen: (B, K) labels of the largest regions, the largest first.
        mask: (B, K) where there is a region.
    """

    labels: Tensor
    chosen: Tensor
    mask: Tensor


def connected_regions(foreground: Tensor, count: int, min_pixels: int = 1) -> Regions:
    """The ``count`` largest regions of pixels that touch each other by a side.

    Every pixel starts with a label of its own and takes the largest one around it until none changes.

    Args:
        foreground: (B, S, S) True at pixels that are not background.
        count: K, most regions per image.
        min_pixels: smaller regions are none.

    Example:
        >>> foreground = torch.tensor([[[1, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1]]]) > 0
        >>> regions = connected_regions(foreground, count=3)
        >>> regions.mask.tolist()
        [[True, True, False]]
        >>> [int((regions.labels == label).sum()) for label in regions.chosen[0, :2]]
        [3, 2]
    """
    batch, side = foreground.shape[0], foreground.shape[-1]
    inside = foreground.float()
    labels = inside * torch.arange(1, side**2 + 1, device=foreground.device).reshape(side, side)  # (B, S, S)
    while True:
        before = labels
        for _ in range(STEPS_BETWEEN_CHECKS):
            labels = _largest_around(labels) * inside
        if torch.equal(before, labels):
            break
    labels = labels.long()
    pixels = torch.zeros(batch, side**2 + 1, device=labels.device)
    pixels.scatter_add_(1, labels.flatten(1), inside.flatten(1))
    largest = pixels.topk(min(count, side**2), dim=1)
    return Regions(labels, largest.indices, largest.values >= min_pixels)


def _largest_around(labels: Tensor) -> Tensor:
    """The largest label (B, S, S) of each pixel and the four beside it; a small part of max_pool2d's time."""
    around = labels.clone()
    torch.maximum(around[..., 1:], labels[..., :-1], out=around[..., 1:])
    torch.maximum(around[..., :-1], labels[..., 1:], out=around[..., :-1])
    torch.maximum(around[..., 1:, :], labels[..., :-1, :], out=around[..., 1:, :])
    torch.maximum(around[..., :-1, :], labels[..., 1:, :], out=around[..., :-1, :])
    return around
