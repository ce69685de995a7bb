"""Slots with a place on the picture each: slot-centric reference frames (Biza et al. 2023).

Each slot paints its surroundings as a function of the distance to its place, and the cells take from whoever is
near. So how a thing looks is learned once, for all places, and a slot's latent is little more than where the thing
is: an easy thing for a prior to learn.

Places are (x, y) in [0, 1]; the first two numbers of a slot's latent are its place, moved and scaled.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.nn.attention import Block
from cvae_lightning.models.nn.slot_queries import CaptionSlots, slot_size
from cvae_lightning.models.text.lstm import Caption

SPREAD = 4.0
"""Places in [0, 1] become latents in [-SPREAD / 2, SPREAD / 2], about the spread of N(0, 1)."""
NEARNESS = 10.0
"""Unit of the learned loss of attention per squared distance."""
FREQUENCIES = (2, 4, 8, 16)
WAVES = 2 + 4 * len(FREQUENCIES)
"""Numbers that stand for a distance."""
PAINT = 96
"""Channels in which slots paint."""
NOWHERE = -1e4


def cells(side: int) -> Tensor:
    """Places (side ** 2, 2) of the centres of a grid's cells, row by row."""
    steps = (torch.arange(side) + 0.5) / side
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    return torch.stack([x, y], dim=-1).reshape(-1, 2)


class PlaceEntrance(nn.Module):
    """Latents and caption to a feature grid: each slot paints around its place, and cells take from the nearest.

    Args:
        latent_dim: Z.
        slots: how many.
        width: W of a slot's token.
        channels: of the grid.
        side: of the grid.
        caption_dim: C.
        conditioning: see :mod:`cvae_lightning.models.nn.slot_queries`.

    Raises:
        ValueError: a slot of fewer than the two numbers of a place.
    """

    where: Tensor

    def __init__(
        self, latent_dim: int, slots: int, width: int, channels: int, side: int, caption_dim: int, conditioning: str
    ) -> None:
        super().__init__()
        self.side = side
        check_place(latent_dim, slots)
        self.read = CaptionSlots(slots, width, caption_dim, conditioning)
        self.latent = nn.Sequential(nn.Linear(slot_size(latent_dim, slots), width), nn.SiLU(), nn.Linear(width, width))
        self.block = Block(width, cross=False)
        self.norm = nn.LayerNorm(width)
        self.shift = nn.Linear(width, 2)
        nn.init.zeros_(self.shift.weight)
        nn.init.zeros_(self.shift.bias)
        # Every slot paints every cell: the dearest part, yet with half of these channels far less was learnt.
        self.brush = nn.Linear(width, PAINT)
        self.distance = nn.Linear(WAVES, PAINT)
        self.paint = nn.Sequential(nn.SiLU(), nn.Linear(PAINT, PAINT), nn.SiLU(), nn.Linear(PAINT, PAINT + 1))
        self.nearness = nn.Parameter(torch.tensor(2.0))
        self.background = nn.Parameter(0.1 * torch.randn(PAINT))
        self.widen = nn.Conv2d(PAINT, channels, kernel_size=3, padding=1)
        self.register_buffer("where", cells(side), persistent=False)

    def forward(self, z: Tensor, caption: Caption) -> Tensor:
        """Features (B, channels, side, side) of latents (B, Z)."""
        slots = self.read(caption)
        z = z.reshape(*slots.tokens.shape[:2], -1)
        tokens = self.norm(self.block(slots.tokens + self.latent(z), own_mask=slots.exist))
        places = 0.5 + z[..., :2] / SPREAD + 0.1 * self.shift(tokens).float()
        away = _distances(self.where, places)
        painted = self.paint(self.brush(tokens).unsqueeze(2) + self.distance(waves(away)))
        scores = painted[..., -1].float() - NEARNESS * functional.softplus(self.nearness) * away.square().sum(dim=-1)
        scores = scores.masked_fill(~slots.exist[..., None], NOWHERE)
        shares = torch.cat([scores, torch.full_like(scores[:, :1], -1.0)], dim=1).softmax(dim=1).to(painted.dtype)
        grid = (shares[:, :-1, :, None] * painted[..., :-1]).sum(dim=1) + shares[:, -1, :, None] * self.background
        return self.widen(grid.transpose(1, 2).reshape(len(z), -1, self.side, self.side))


def check_place(latent_dim: int, slots: int) -> None:
    """Raises: ValueError: a slot of fewer than the two numbers of a place."""
    if slot_size(latent_dim, slots) < 2:
        raise ValueError(f"latent_dim {latent_dim} in {slots} slots: expected at least 2 numbers each, for a place")


def _distances(where: Tensor, places: Tensor) -> Tensor:
    """(B, K, N, 2) from places (B, K, 2) to cells (N, 2)."""
    return where - places.unsqueeze(2)


def waves(away: Tensor) -> Tensor:
    """(..., WAVES): distances (..., 2), their sines and cosines at several lengths (Mildenhall et al. 2020, eq. 4)."""
    angles = [math.pi * frequency * away for frequency in FREQUENCIES]
    return torch.cat([4 * away, *(wave for angle in angles for wave in (angle.sin(), angle.cos()))], dim=-1)
