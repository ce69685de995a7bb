"""Latents as a few slots that look at caption and picture by attention.

A flat latent of Z numbers is read as ``slots`` tokens of Z / slots numbers each. Every slot first looks at
the caption's token states, so it can take up one of the things that are named; in the encoder it then looks
for it on the picture's feature grid (as the queries of DETR, Carion et al. 2020, do), in the decoder the grid
looks at the slots.
"""

from __future__ import annotations

from torch import Tensor, nn

from cvae_lightning.models.attention import Block, positions
from cvae_lightning.models.text_encoder import Caption

NARROW = 32
"""Channels of the dense shortcut between grid and slots."""


def slot_size(latent_dim: int, slots: int) -> int:
    """Numbers of one slot.

    Raises:
        ValueError: the latent does not divide into so many slots.
    """
    if slots < 1 or latent_dim % slots:
        raise ValueError(f"latent_dim {latent_dim} does not divide into {slots} slots")
    return latent_dim // slots


class CaptionSlots(nn.Module):
    """Learned slots, each after one look at the caption.

    Args:
        slots: how many.
        width: W of a slot's token.
        caption_dim: C of the caption's states.
    """

    def __init__(self, slots: int, width: int, caption_dim: int) -> None:
        super().__init__()
        self.slots = positions(slots, width)
        self.states = nn.Linear(caption_dim, width)
        self.read = Block(width, own=False)

    def forward(self, caption: Caption) -> tuple[Tensor, Tensor]:
        """Slot tokens (B, slots, W) and the caption's states at the same width (B, T, W)."""
        states = self.states(caption.states)
        return self.read(self.slots.expand(len(states), -1, -1), states, caption.mask), states


class SlotHead(nn.Module):
    """Feature grid and caption to the posterior's numbers, a slot at a time.

    The dense shortcut finds positions early in training; attention then sorts out which slot is which thing.

    Args:
        latent_dim: Z.
        slots: how many.
        width: channels of the grid and of a slot's token.
        side: side of the grid.
        caption_dim: C.
        layers: blocks of attention.
    """

    def __init__(self, latent_dim: int, slots: int, width: int, side: int, caption_dim: int, layers: int = 2) -> None:
        super().__init__()
        size = slot_size(latent_dim, slots)
        self.read = CaptionSlots(slots, width, caption_dim)
        self.places = positions(side**2, width)
        self.norm = nn.LayerNorm(width)
        self.shortcut = nn.Linear(NARROW * side**2, slots * width)
        self.blocks = nn.ModuleList([Block(width) for _ in range(layers)])
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2 * size))

    def forward(self, features: Tensor, caption: Caption) -> tuple[Tensor, Tensor]:
        """Mean and log sigma, (B, Z) each, from features (B, W, side, side)."""
        grid = self.norm(features.flatten(2).transpose(1, 2)) + self.places
        slots, _ = self.read(caption)
        slots = slots + self.shortcut(grid[..., :NARROW].flatten(1)).unflatten(1, slots.shape[1:])
        for block in self.blocks:
            slots = block(slots, grid)
        mean, log_sigma = self.out(slots).chunk(2, dim=-1)
        return mean.flatten(1), log_sigma.flatten(1)


class SlotEntrance(nn.Module):
    """Latents and caption to a feature grid: each place of the grid looks at the slots.

    Args:
        latent_dim: Z.
        slots: how many.
        width: channels of the grid and of a slot's token.
        side: side of the grid.
        caption_dim: C.
        layers: blocks among the slots, and as many from the grid to the slots.
    """

    def __init__(self, latent_dim: int, slots: int, width: int, side: int, caption_dim: int, layers: int = 2) -> None:
        super().__init__()
        self.side = side
        size = slot_size(latent_dim, slots)
        self.read = CaptionSlots(slots, width, caption_dim)
        self.latent = nn.Sequential(nn.Linear(size, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList([Block(width) for _ in range(layers)])
        self.places = positions(side**2, width)
        self.shortcut = nn.Linear(slots * width, NARROW * side**2)
        self.widen = nn.Linear(NARROW, width)
        self.looks = nn.ModuleList([Block(width, own=False) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)

    def forward(self, z: Tensor, caption: Caption) -> Tensor:
        """Features (B, W, side, side) of latents (B, Z)."""
        slots, states = self.read(caption)
        slots = slots + self.latent(z.reshape(len(z), slots.shape[1], -1))
        for block in self.blocks:
            slots = block(slots, states, caption.mask)
        grid = self.places + self.widen(self.shortcut(slots.flatten(1)).unflatten(1, (-1, NARROW)))
        for look in self.looks:
            grid = look(grid, slots)
        return self.norm(grid).transpose(1, 2).unflatten(2, (self.side, self.side))
