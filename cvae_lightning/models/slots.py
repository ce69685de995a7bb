"""Latents as a few slots that look at caption and picture by attention.

A flat latent of Z numbers is read as ``slots`` tokens of Z / slots numbers each. In the encoder every slot looks
for its thing on the picture's feature grid (as the queries of DETR, Carion et al. 2020, do), in the decoder the
grid looks at the slots. What a slot is about comes from the caption, in one of two ways:

``cross_attention``  slots are learned, and look at the token states of any caption
``things``           slot k is the caption's state k, where states are things rather than words; a slot whose thing
                     is not named has the posterior N(0, I), costs nothing and is looked at by nobody
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from cvae_lightning.models.attention import Block, positions
from cvae_lightning.models.text_encoder import Caption

SLOTTED = ("cross_attention", "things")
NARROW = 32
"""Most channels of the dense shortcut between grid and slots."""
FIRST_LOG_SIGMA = -3.0
"""A new posterior is narrow, so that the decoder finds something to read in the latent from the first step."""


def slot_size(latent_dim: int, slots: int) -> int:
    """Numbers of one slot.

    Raises:
        ValueError: the latent does not divide into so many slots.
    """
    if slots < 1 or latent_dim % slots:
        raise ValueError(f"latent_dim {latent_dim} does not divide into {slots} slots")
    return latent_dim // slots


class Slots(NamedTuple):
    """What the caption says to each slot.

    Attributes:
        tokens: (B, slots, W).
        exist: (B, slots) True at slots that stand for something; None where all do.
    """

    tokens: Tensor
    exist: Tensor | None

    def keep(self, values: Tensor) -> Tensor:
        """Values (B, slots, N) with zeros at slots that stand for nothing."""
        return values if self.exist is None else values * self.exist.unsqueeze(-1)


class CaptionSlots(nn.Module):
    """Slots that know the caption.

    Args:
        slots: how many.
        width: W of a slot's token.
        caption_dim: C of the caption's states.
        conditioning: one of ``SLOTTED``.

    Raises:
        ValueError: an unknown conditioning.
    """

    def __init__(self, slots: int, width: int, caption_dim: int, conditioning: str) -> None:
        super().__init__()
        if conditioning not in SLOTTED:
            raise ValueError(f"conditioning is {conditioning!r}: expected one of {', '.join(SLOTTED)}")
        self.states = nn.Linear(caption_dim, width)
        self.learned = positions(slots, width) if conditioning == "cross_attention" else None
        self.read = Block(width, own=False) if conditioning == "cross_attention" else None

    def forward(self, caption: Caption) -> Slots:
        """The slots of a batch of captions."""
        states = self.states(caption.states)
        if self.read is None or self.learned is None:
            return Slots(states, caption.mask)
        return Slots(self.read(self.learned.expand(len(states), -1, -1), states, caption.mask), None)


class SlotHead(nn.Module):
    """Feature grid and caption to the posterior's numbers, a slot at a time.

    The dense shortcut finds positions early in training; attention then sorts out which slot is which thing.

    Args:
        latent_dim: Z.
        slots: how many.
        width: channels of the grid and of a slot's token.
        side: side of the grid.
        caption_dim: C.
        conditioning: one of ``SLOTTED``.
        layers: blocks of attention.
    """

    def __init__(
        self, latent_dim: int, slots: int, width: int, side: int, caption_dim: int, conditioning: str, layers: int = 2
    ) -> None:
        super().__init__()
        size = slot_size(latent_dim, slots)
        self.read = CaptionSlots(slots, width, caption_dim, conditioning)
        self.places = positions(side**2, width)
        self.norm = nn.LayerNorm(width)
        self.narrow = min(NARROW, width)
        self.shortcut = nn.Linear(self.narrow * side**2, slots * width)
        self.blocks = nn.ModuleList([Block(width) for _ in range(layers)])
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2 * size))

    def forward(self, features: Tensor, caption: Caption) -> tuple[Tensor, Tensor]:
        """Mean and log sigma, (B, Z) each, from features (B, W, side, side)."""
        grid = self.norm(features.flatten(2).transpose(1, 2)) + self.places
        slots = self.read(caption)
        tokens = slots.tokens + self.shortcut(grid[..., : self.narrow].flatten(1)).view_as(slots.tokens)
        for block in self.blocks:
            tokens = block(tokens, grid, own_mask=slots.exist)
        mean, log_sigma = self.out(tokens).float().chunk(2, dim=-1)
        return slots.keep(mean).flatten(1), slots.keep(log_sigma + FIRST_LOG_SIGMA).flatten(1)


class SlotEntrance(nn.Module):
    """Latents and caption to a feature grid: each place of the grid looks at the slots.

    Args:
        latent_dim: Z.
        slots: how many.
        width: channels of the grid and of a slot's token.
        side: side of the grid.
        caption_dim: C.
        conditioning: one of ``SLOTTED``.
        layers: blocks from the grid to the slots.
    """

    def __init__(
        self, latent_dim: int, slots: int, width: int, side: int, caption_dim: int, conditioning: str, layers: int = 2
    ) -> None:
        super().__init__()
        self.side = side
        size = slot_size(latent_dim, slots)
        self.read = CaptionSlots(slots, width, caption_dim, conditioning)
        self.latent = nn.Sequential(nn.Linear(size, width), nn.SiLU(), nn.Linear(width, width))
        self.block = Block(width, cross=False)
        self.places = positions(side**2, width)
        self.shortcut = nn.Linear(slots * width, NARROW * side**2)
        self.widen = nn.Linear(NARROW, width)
        self.looks = nn.ModuleList([Block(width, own=False) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)

    def forward(self, z: Tensor, caption: Caption) -> Tensor:
        """Features (B, W, side, side) of latents (B, Z)."""
        slots = self.read(caption)
        tokens = slots.tokens + self.latent(z.reshape(*slots.tokens.shape[:2], -1))
        tokens = self.block(tokens, own_mask=slots.exist)
        grid = self.widen(self.shortcut(slots.keep(tokens).flatten(1)).reshape(len(z), -1, NARROW)) + self.places
        for look in self.looks:
            grid = look(grid, tokens, slots.exist)
        return self.norm(grid).transpose(1, 2).unflatten(2, (self.side, self.side))
