"""What a latent of several slots is about.

A flat latent of Z numbers is read as ``slots`` tokens of Z / slots numbers each. Each is told of the caption in one
of two ways:

``cross_attention``  slots are learned, and look at the token states of any caption
``things``           slot k is the caption's state k, where states are things rather than words; a slot whose thing
                     is not named has the posterior N(0, I), costs nothing and is looked at by nobody

Alike things have equal states, so whatever is said to their slots looks equal. What must tell them apart numbers them.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from cvae_lightning.models.nn.attention import Block, positions
from cvae_lightning.models.text.lstm import Caption

SLOTTED = ("cross_attention", "things")


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
        exist: (B, slots) True at slots that stand for something.
    """

    tokens: Tensor
    exist: Tensor

    def keep(self, values: Tensor) -> Tensor:
        """Values (B, slots, N) with zeros at slots that stand for nothing."""
        return values * self.exist.unsqueeze(-1)


class CaptionSlots(nn.Module):
    """Slots that know the caption.

    Args:
        slots: how many.
        width: W of a slot's token.
        caption_dim: C of the caption's states.
        conditioning: one of ``SLOTTED``.
        numbered: whether slots of alike things differ by a learned embedding of their number.

    Raises:
        ValueError: an unknown conditioning.
    """

    def __init__(self, slots: int, width: int, caption_dim: int, conditioning: str, numbered: bool = False) -> None:
        super().__init__()
        if conditioning not in SLOTTED:
            raise ValueError(f"conditioning is {conditioning!r}: expected one of {', '.join(SLOTTED)}")
        self.states = nn.Linear(caption_dim, width)
        self.learned = positions(slots, width) if conditioning == "cross_attention" else None
        self.number = positions(slots, width) if numbered and conditioning == "things" else None
        self.read = Block(width, own=False) if conditioning == "cross_attention" else None

    def forward(self, caption: Caption) -> Slots:
        """The slots of a batch of captions."""
        states = self.states(caption.states)
        if self.read is None or self.learned is None:
            return Slots(states if self.number is None else states + self.number, caption.mask)
        tokens = self.read(self.learned.expand(len(states), -1, -1), states, caption.mask)
        return Slots(tokens, caption.mask.new_ones(tokens.shape[:2]))
