"""Maps read between their points."""

from __future__ import annotations

import torch
from torch import Tensor


def bilinear(maps: Tensor, points: Tensor) -> Tensor:
    """Values (M, P) of maps (M, H, W) at points (M, P, 2), by bilinear interpolation.

    Args:
        maps: (M, H, W).
        points: x and y in steps of the map, whose first point is at 0; outside of the map its border goes on.

    Example:
        >>> bilinear(torch.tensor([[[0.0, 1.0], [2.0, 3.0]]]), torch.tensor([[[0.5, 0.0], [1.0, 0.5]]]))
        tensor([[0.5000, 2.0000]])
    """
    height, width = maps.shape[-2:]
    x = points[..., 0].clamp(0, width - 1)
    y = points[..., 1].clamp(0, height - 1)
    left, top = x.detach().floor().clamp(max=width - 2), y.detach().floor().clamp(max=height - 2)
    place = (top * width + left).long()
    flat, along = maps.flatten(1), x - left
    upper = torch.lerp(flat.gather(1, place), flat.gather(1, place + 1), along)
    lower = torch.lerp(flat.gather(1, place + width), flat.gather(1, place + width + 1), along)
    return torch.lerp(upper, lower, y - top)
