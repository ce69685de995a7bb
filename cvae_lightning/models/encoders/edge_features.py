"""What objects look like apart from their colours: how much of a cell they cover, and which way their edges run.

A slot that must tell a star from a circle of the same colour has nothing but these to go by. They are a histogram of
oriented gradients (Dalal & Triggs 2005) with four directions, over neighbourhoods of several widths.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

FEATURES_PER_NEIGHBOURHOOD = 5
"""Coverage and four directions of edges."""


def colour_distance(images: Tensor, background: Tensor) -> Tensor:
    """How far (B, 1, S, S) the pixels of images (B, 3, S, S) are from the background's colour, (3,) or one per image
    (B, 3), in the channel that differs most.

    Close to an object's coverage whatever its colour, so that what is learned of one colour's shapes holds for all.
    """
    return (images.float() - background.float()[..., None, None]).abs().amax(dim=1, keepdim=True)


def oriented_gradients(coverage: Tensor, side: int, neighbourhoods: Sequence[int]) -> Tensor:
    """Features (B, N, 5 * len(neighbourhoods)) of a grid's N = side ** 2 cells, each of the batch's mean 0 and standard
    deviation 1.

    Args:
        coverage: (B, 1, S, S), :func:`colour_distance` of images.
        side: of the grid.
        neighbourhoods: cells across, odd numbers.
    """
    right = coverage[..., :-1, 1:] - coverage[..., :-1, :-1]  # (B, 1, S - 1, S - 1)
    down = coverage[..., 1:, :-1] - coverage[..., :-1, :-1]
    diagonals = (right + down) / 2**0.5, (right - down) / 2**0.5
    edges = functional.pad(torch.cat([right, down, *diagonals], dim=1).abs(), (0, 1, 0, 1))  # (B, 4, S, S)
    cells = functional.adaptive_avg_pool2d(torch.cat([coverage, edges], dim=1), side)  # (B, 5, side, side)
    around = [functional.avg_pool2d(cells, width, 1, width // 2) for width in neighbourhoods]
    features = torch.cat(around, dim=1).flatten(2).transpose(1, 2)  # (B, N, 5 * len(neighbourhoods))
    deviation, mean = torch.std_mean(features, dim=(0, 1))
    return (features - mean) / (deviation + 1e-6)
