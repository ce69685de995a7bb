"""Small networks: linear layers with a SiLU between them."""

from __future__ import annotations

from itertools import pairwise

from torch import nn


def mlp(*sizes: int) -> nn.Sequential:
    """Linear layers from each size to the next one, with a SiLU between them.

    Example:
        >>> [type(layer).__name__ for layer in mlp(2, 8, 1)]
        ['Linear', 'SiLU', 'Linear']
    """
    layers: list[nn.Module] = []
    for size, following in pairwise(sizes):
        layers += [nn.SiLU()] * bool(layers) + [nn.Linear(size, following)]
    return nn.Sequential(*layers)
