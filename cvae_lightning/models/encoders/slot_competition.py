"""Slots compete for the cells of a feature grid, and learn to by two auxiliary losses.

The competition is slot attention's (Locatello et al. 2020, algorithm 1). What a slot finds depends on it step by step,
which is hard to learn through: a slot on the wrong object gets no gradient towards the right one. So the competition
also learns directly. By reconstruction: the picture at the grid's size, painted with one colour per slot wherever the
slot has its share. And by edge features (:mod:`cvae_lightning.models.encoders.edge_features`): each slot predicts what
its cells look like apart from their colour, which separates groups of one colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.interfaces import Masked
from cvae_lightning.models.nn.mlp import mlp


@dataclass(frozen=True)
class Competition:
    """Who owns which cell.

    Attributes:
        queries: (B, K, W) normed queries, with the mask of slots in use.
        feature_scores: (B, K, N) what the cells' features, without their colours, say for each slot.
        log_shares: (B, K + 1, N) log shares of each cell's owners, the last of which is the background.
        cells: (B, N, 3) mean colours.
    """

    queries: Masked
    feature_scores: Tensor
    log_shares: Tensor
    cells: Tensor


class SlotCompetition(nn.Module):
    """Scores of slots at cells, by features and by colour, and shares.

    Args:
        width: W of a query.
        channels: of the feature grid.
        key_dim: size of queries and keys.
        sharpness: of the competition, in units of a usual attention's; with flat shares little is learned.
        edge_dim: numbers per cell that the edge loss predicts.
        edge_loss_weight: of the edge loss beside the reconstruction loss.
    """

    def __init__(
        self, width: int, channels: int, key_dim: int, sharpness: float, edge_dim: int, edge_loss_weight: float
    ) -> None:
        super().__init__()
        self.scale, self.edge_loss_weight = sharpness * key_dim**-0.5, edge_loss_weight
        self.query_norm = nn.LayerNorm(width)
        self.query, self.key = nn.Linear(width, key_dim), nn.Linear(channels, key_dim)
        self.colour_key = mlp(3, key_dim, key_dim)
        self.background_logit = nn.Parameter(torch.zeros(1))
        self.background_colour = nn.Parameter(torch.ones(3))
        self.slot_colour, self.edges = nn.Linear(width, 3), nn.Linear(width, edge_dim)
        for layer in (self.slot_colour, self.edges):
            nn.init.normal_(layer.weight, std=0.2 * width**-0.5)
        nn.init.constant_(self.slot_colour.bias, 0.5)

    def forward(self, queries: Masked, grid: Tensor, cells: Tensor) -> Competition:
        """Compete.

        Args:
            queries: (B, K, W).
            grid: (B, N, channels) normed features without colour: otherwise slots would be distinguished by
                colour alone whenever that is enough, and learn nothing for when it is not.
            cells: (B, N, 3) mean colours of the cells.
        """
        queries = Masked(self.query_norm(queries.values), queries.mask)
        query = self.query(queries.values)  # (B, K, key_dim)
        keys = self.key(grid), self.colour_key(2 * cells - 1)  # (B, N, key_dim) each
        by_feature, by_colour = ((query @ key.transpose(1, 2)).float() for key in keys)  # (B, K, N) each
        scores = self._masked(by_feature + by_colour, queries.mask)
        background = self.background_logit.expand(len(scores), 1, scores.shape[2])
        log_shares = torch.cat([scores, background], dim=1).log_softmax(dim=1)  # (B, K + 1, N)
        return Competition(queries, by_feature, log_shares, cells)

    def _masked(self, scores: Tensor, mask: Tensor) -> Tensor:
        """Scores (B, K, N) of the slots in use, sharpened."""
        return (scores * self.scale).masked_fill(~mask[..., None], -1e4)

    def reconstruction_loss(self, competition: Competition) -> Tensor:
        """-log p(cells | slots' colours) up to a constant, nats; (B,). The Gaussian's scale is the batch's best."""
        slot_colours = self.slot_colour(competition.queries.values).float()  # (B, K, 3)
        background = self.background_colour.expand(len(slot_colours), 1, 3)
        colours = torch.cat([slot_colours, background], dim=1)  # (B, K + 1, 3)
        error = (competition.log_shares.exp().transpose(1, 2) @ colours - competition.cells.float()).square()
        scale = error.mean().detach().clamp(min=1e-6)
        return 0.5 * (error / scale + scale.log()).sum(dim=(1, 2))

    def edge_loss(self, competition: Competition, edge_features: Tensor) -> Tensor:
        """-log p(edge features (B, N, edge_dim) | slots) of the foreground's cells, up to a constant, nats; (B,).

        Only features decide here, without the cells' colours, so every pair of groups contributes.
        """
        queries = competition.queries
        owners = self._masked(competition.feature_scores, queries.mask).softmax(dim=1).transpose(1, 2)  # (B, N, K)
        foreground = (1 - competition.log_shares[:, -1].exp()).detach().unsqueeze(-1)  # (B, N, 1)
        error = foreground * (owners @ self.edges(queries.values).float() - edge_features).square()
        scale = (error.sum(dim=(0, 1)) / foreground.sum().clamp(min=1e-6)).detach().clamp(min=1e-6)
        return 0.5 * self.edge_loss_weight * (error / scale).sum(dim=(1, 2))


def mean_colours(images: Tensor, side: int) -> Tensor:
    """Mean colours (B, side ** 2, 3) of a grid's cells of images (B, 3, S, S)."""
    return functional.adaptive_avg_pool2d(images, side).flatten(2).transpose(1, 2)
