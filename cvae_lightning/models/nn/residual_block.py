"""What residual encoder and decoder are made of: most work on small, thick feature maps, where a CPU is fast.

Pixels are folded into channels at the entrance and unfolded at the exit (pixel_unshuffle and pixel_shuffle,
Shi et al. 2016), so no convolution runs on a thin map of full size. The caption enters in one of four ways:

``concat``           its embedding is joined to the latent, and to the features before the posterior's head
``film``             as concat, and it scales and shifts the channels of every block (Perez et al. 2018)
``cross_attention``  latents are slots with a place each (:mod:`.encoders.slots`) that look at its states
``things``           as cross_attention, but each slot is one of the things that the caption names
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.encoders.conv import bottom_side, normalisation
from cvae_lightning.models.nn.slot_queries import SLOTTED

CONDITIONINGS = ("concat", "film", *SLOTTED)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around which the features flow unchanged (He et al. 2016, pre-activation).

    Args:
        channels: a multiple of 8.
        condition_dim: size of a vector that scales and shifts the normed channels; 0 for none.
    """

    def __init__(self, channels: int, condition_dim: int = 0) -> None:
        super().__init__()
        self.norm = normalisation("group", channels)
        self.film = nn.Linear(condition_dim, 2 * channels) if condition_dim else None
        self.first = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.second = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, features: Tensor, condition: Tensor | None = None) -> Tensor:
        """Features (B, channels, H, W) after the block, given the condition (B, condition_dim)."""
        normed = self.norm(features)
        if self.film is not None and condition is not None:
            scale, shift = self.film(condition)[:, :, None, None].chunk(2, dim=1)
            normed = normed * (1 + scale) + shift
        inner = self.first(functional.silu(normed))
        return features + self.second(functional.silu(inner))


def check_shape(image_size: int, patch: int, widths: Sequence[int], blocks: Sequence[int], conditioning: str) -> int:
    """Side of the smallest feature map.

    Raises:
        ValueError: sizes that do not fit, or an unknown conditioning.
    """
    if conditioning not in CONDITIONINGS:
        raise ValueError(f"conditioning is {conditioning!r}: expected one of {', '.join(CONDITIONINGS)}")
    if not widths or len(widths) != len(blocks):
        raise ValueError(
            f"widths {list(widths)} and blocks {list(blocks)}: expected one number of blocks for each width"
        )
    if patch < 1 or image_size % patch:
        raise ValueError(f"image_size {image_size} does not divide into patches of {patch} pixels")
    if (image_size // patch) % 2 ** (len(widths) - 1):
        raise ValueError(f"image_size {image_size} in patches of {patch} does not halve {len(widths) - 1} times")
    return bottom_side(image_size // patch, len(widths) - 1) if len(widths) > 1 else image_size // patch


def stage(width: int, count: int, condition_dim: int) -> nn.ModuleList:
    """So many blocks of one width, :class:`ResidualBlock`."""
    return nn.ModuleList([ResidualBlock(width, condition_dim) for _ in range(count)])
