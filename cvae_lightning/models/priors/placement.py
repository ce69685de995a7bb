"""Where objects are, one after the other: a distribution over a grid that follows from each pair's offset."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.nn.mlp import mlp
from cvae_lightning.models.nn.ragged import RaggedIndex
from cvae_lightning.models.priors.categorical import choose

DISTANCES = 12
"""Radial features of an offset."""
SIDES = 9
"""Features per axis that say how far to one side of another object a place is."""


class PairwisePlacement(nn.Module):
    """p(positions | states): object k's place follows from its own state and, for each object before it, from both
    states and the offset.

    Unnormalized log probabilities add up, one term per column, row and earlier object; a term of a pair is a weighted
    sum of fixed features of the offset (radial basis functions of the distance, and steps along each axis), with
    weights that a small network makes of the two states. So that two objects do not overlap, or that one is left of
    the other, is learned once, for all places. The softmax over the grid makes it exact. Scenes are placed object by
    object elsewhere, too (Paschalidou et al. 2021).

    Args:
        width: W of a state.
        bins: G, cells of the grid per axis.
        hidden: width of the network of a pair.

    Example:
        >>> placement = PairwisePlacement(width=8, bins=4, hidden=8)
        >>> states, mask = torch.randn(1, 2, 8), torch.tensor([[True, True]])
        >>> tuple(placement.log_prob(states, torch.zeros(1, 2, 2, dtype=torch.long), mask).shape)
        (1,)
    """

    table: Tensor

    def __init__(self, width: int, bins: int, hidden: int) -> None:
        super().__init__()
        self.bins = bins
        self.own = mlp(width, width, 2 * bins)
        self.receiver, self.sender = nn.Linear(width, hidden), nn.Linear(width, hidden)
        self.out = nn.Linear(hidden, DISTANCES + 2 * SIDES)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.register_buffer("table", _offset_table(bins), persistent=False)

    def log_prob(self, states: Tensor, bins: Tensor, mask: Tensor) -> Tensor:
        """Log probability (B,) of the cells (B, K, 2), x and y, of objects with states (B, K, W) where mask (B, K)."""
        index = RaggedIndex.from_mask(mask)
        packed, cells = index.pack(states), index.pack(bins)  # (M, W), (M, 2)
        receiver, sender = index.pairs()
        earlier = sender < receiver
        receiver, sender = receiver[earlier], sender[earlier]  # (P,) each
        logits = self._own(packed).index_add(0, receiver, self._pairs(packed, packed, cells, receiver, sender))
        target = cells[:, 1] * self.bins + cells[:, 0]  # (M,)
        found = functional.cross_entropy(logits, target, reduction="none")
        return found.new_zeros(len(mask)).index_add(0, index.row, -found)

    def place(self, k: int, states: Tensor, bins: Tensor, mask: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
        """Choose the cell of object k, by the cells of those before it.

        Args:
            k: which.
            states: (B, K, W).
            bins: (B, K, 2) of which those before k are known.
            mask: (B, K).
            uniform: (B, 2) in [0, 1], for x and for y.

        Returns:
            The cell (B, 2), and where in it (B, 2), in [0, 1].
        """
        logits = self._own(states[:, k])  # (B, G * G)
        rows = torch.arange(len(states), device=states.device)
        for other in range(k):
            term = self._pairs(states[:, k], states[:, other], bins[:, other], rows, rows)
            logits = logits + term * mask[:, other, None]
        grid = logits.reshape(-1, self.bins, self.bins)  # (B, y, x)
        x, inside_x = choose(grid.logsumexp(dim=1), uniform[:, 0])
        y, inside_y = choose(grid[rows, :, x], uniform[:, 1])
        return torch.stack([x, y], dim=-1), torch.stack([inside_x, inside_y], dim=-1)

    def _own(self, states: Tensor) -> Tensor:
        """Terms (M, G * G) of states (M, W) alone."""
        x, y = self.own(states).float().chunk(2, dim=-1)  # (M, G) each
        return (y.unsqueeze(2) + x.unsqueeze(1)).flatten(1)

    def _pairs(self, receiving: Tensor, sending: Tensor, cells: Tensor, receiver: Tensor, sender: Tensor) -> Tensor:
        """Terms (P, G * G) of pairs of states (M, W), of which those that send are in cells (M, 2)."""
        hidden = self.receiver(receiving).index_select(0, receiver) + self.sender(sending).index_select(0, sender)
        weights = self.out(functional.silu(hidden)).float()  # (P, F)
        side = 2 * self.bins - 1
        with torch.autocast(weights.device.type, enabled=False):  # differences of 1 in 100 matter
            maps = weights @ self.table  # (P, side * side)
        steps = torch.arange(self.bins, device=cells.device)
        at = cells.index_select(0, sender)  # (P, 2)
        x, y = (steps - at[:, axis, None] + self.bins - 1 for axis in (0, 1))  # (P, G) each
        return maps.gather(1, (y.unsqueeze(2) * side + x.unsqueeze(1)).flatten(1))


def _offset_table(bins: int) -> Tensor:
    """Features (F, (2 G - 1) ** 2) of all offsets between two cells, row by row."""
    steps = (torch.arange(2 * bins - 1) - (bins - 1)) / bins
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    distance = (x.square() + y.square()).sqrt()
    centres = torch.linspace(0.05, 0.6, DISTANCES)
    near = [(-0.5 * ((distance - centre) / 0.045).square()).exp() for centre in centres]
    borders = torch.linspace(-0.4, 0.4, SIDES)
    beyond = [((axis - border) / 0.02).sigmoid() for axis in (x, y) for border in borders]
    return torch.stack([*near, *beyond]).flatten(1)
