"""What things look like apart from their colours: how much ink there is around, and which way its edges run.

A slot that must tell a star from a circle of the same colour has nothing but these to go by. They are a histogram of
oriented gradients (Dalal & Triggs 2005) with four directions, over neighbourhoods of two widths.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

NEIGHBOURHOODS = (3, 5)
"""Cells across."""
LOOKS = 5 * len(NEIGHBOURHOODS)
"""Numbers of a cell: ink and four directions of edges, in each neighbourhood."""


def uncoloured(images: Tensor, paper: Tensor) -> Tensor:
    """How far (B, 1, S, S) the pixels of images (B, 3, S, S) are from the paper's colour (3,), in their best channel.

    Near enough a thing's coverage whatever its colour, so that what is learned of one colour's shapes holds for all.
    """
    return (images.float() - paper.float()[:, None, None]).abs().amax(dim=1, keepdim=True)


def looks(marks: Tensor, side: int) -> Tensor:
    """Looks (B, side ** 2, LOOKS) of a grid's cells, each of the batch's mean 0 and standard deviation 1.

    Args:
        marks: (B, 1, S, S) uncoloured images.
        side: of the grid.
    """
    right = marks[..., :-1, 1:] - marks[..., :-1, :-1]
    down = marks[..., 1:, :-1] - marks[..., :-1, :-1]
    slanted = (right + down) / 2**0.5, (right - down) / 2**0.5
    edges = functional.pad(torch.cat([right, down, *slanted], dim=1).abs(), (0, 1, 0, 1))
    small = functional.adaptive_avg_pool2d(torch.cat([marks, edges], dim=1), side)
    around = [functional.avg_pool2d(small, width, 1, width // 2) for width in NEIGHBOURHOODS]
    seen = torch.cat(around, dim=1).flatten(2).transpose(1, 2)
    deviation, mean = torch.std_mean(seen, dim=(0, 1))
    return (seen - mean) / (deviation + 1e-6)
