"""Fourier features: numbers with their sines and cosines, so that small differences can be distinguished.

Two orders exist because files hold weights for both (Mildenhall et al. 2020, eq. 4, and the same grouped by function).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def fourier_size(size: int, frequencies: Sequence[float]) -> int:
    """Length of the features of ``size`` numbers."""
    return size * (1 + 2 * len(frequencies))


def state_features(state: Tensor, frequencies: Sequence[float]) -> Tensor:
    """(..., N) -> (..., N + 2 F N): the state, all sines, all cosines; frequencies in half waves per unit."""
    angles = torch.cat([math.pi * frequency * state for frequency in frequencies], dim=-1)  # (..., F N)
    return torch.cat([state, angles.sin(), angles.cos()], dim=-1)


def offset_features(offsets: Tensor, frequencies: Sequence[float], scale: float) -> Tensor:
    """(..., 2) offsets on the canvas -> (..., 2 + 4 F): times scale, then sine and cosine of each frequency in turn."""
    angles = [math.pi * frequency * offsets for frequency in frequencies]
    return torch.cat([scale * offsets, *(wave for a in angles for wave in (a.sin(), a.cos()))], dim=-1)


def cell_centres(side: int) -> Tensor:
    """Positions (side ** 2, 2) of the centres of a grid's cells, row by row, in [0, 1]."""
    steps = (torch.arange(side) + 0.5) / side
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    return torch.stack([x, y], dim=-1).reshape(-1, 2)
