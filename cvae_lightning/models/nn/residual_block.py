"""Residual blocks: most work on small, thick feature maps, where a CPU is fast.

Pixels are folded into channels at the entrance and unfolded at the exit (pixel_unshuffle and pixel_shuffle,
Shi et al. 2016), so no convolution runs on a thin map of full size.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.nn.conv_stages import bottom_side, normalization

CONDITIONINGS = ("concat", "film")
"""The caption's embedding is joined to the latent and to the features before the posterior's head; with ``film`` it
also scales and shifts the channels of every block (Perez et al. 2018)."""


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around which the features pass unchanged (He et al. 2016, pre-activation).

    Args:
        channels: a multiple of 8.
        condition_dim: size of a vector that scales and shifts the normed channels; 0 for none.
    """

    def __init__(self, channels: int, condition_dim: int = 0) -> None:
        super().__init__()
        self.norm = normalization("group", channels)
        self.film = nn.Linear(condition_dim, 2 * channels) if condition_dim else None
        self.first = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.second = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, features: Tensor, condition: Tensor | None = None) -> Tensor:
        """Features (B, channels, H, W) after the block, given the condition (B, condition_dim)."""
        # PyTorch's group norm of a small bf16 map in channels-last memory takes several times as long as in float32.
        normed = self.norm(features.float())  # (B, channels, H, W)
        if self.film is not None and condition is not None:
            scale, shift = self.film(condition)[:, :, None, None].chunk(2, dim=1)  # (B, channels, 1, 1) each
            normed = normed * (1 + scale) + shift
        inner = self.first(functional.silu(normed))
        return features + self.second(functional.silu(inner))


class DownStages(nn.Module):
    """Images to their smallest feature map.

    Args:
        channels: of the images.
        patch: side of the pixel squares that are folded into channels.
        widths: channels at each side length, the largest map first; each next map has half the side.
        blocks: residual blocks at each of them.
        condition_dim: of the blocks.
    """

    def __init__(
        self, channels: int, patch: int, widths: Sequence[int], blocks: Sequence[int], condition_dim: int = 0
    ) -> None:
        super().__init__()
        self.patch = patch
        self.entrance = nn.Conv2d(channels * patch**2, widths[0], kernel_size=3, padding=1)
        self.halvings = nn.ModuleList(
            [nn.Conv2d(before, after, 4, stride=2, padding=1) for before, after in pairwise(widths)]
        )
        self.stages = _stages(widths, blocks, condition_dim)

    def forward(self, images: Tensor, condition: Tensor | None = None) -> Tensor:
        """Features (B, widths[-1], side, side) of images (B, channels, S, S) in [0, 1]."""
        features = self.entrance(functional.pixel_unshuffle(2 * images - 1, self.patch))  # (B, widths[0], S/p, S/p)
        for level, blocks in enumerate(self.stages):
            if level:
                features = self.halvings[level - 1](functional.silu(features))
            for block in blocks:  # type: ignore[attr-defined]
                features = block(features, condition)
        return features


class UpStages(nn.Module):
    """The smallest feature map to mean images, in [0, 1] except while training.

    A bounded output has a gradient of zero once all of a canvas is white, where training begins and would stay; so
    the mean is bounded only where it is used.

    Args:
        patch: side of the pixel squares that are unfolded from channels at the end.
        widths: channels at each side length, the largest map first, as in :class:`DownStages`.
        blocks: residual blocks, from the smallest map up.
        condition_dim: of the blocks.
    """

    def __init__(self, patch: int, widths: Sequence[int], blocks: Sequence[int], condition_dim: int = 0) -> None:
        super().__init__()
        upwards = list(widths)[::-1]
        self.patch = patch
        self.stages = _stages(upwards, list(blocks)[::-1], condition_dim)
        self.doublings = nn.ModuleList(
            [nn.Conv2d(before, 4 * after, 3, padding=1) for before, after in pairwise(upwards)]
        )
        self.exit = nn.Conv2d(upwards[-1], 3 * patch**2, kernel_size=3, padding=1)

    def forward(self, features: Tensor, condition: Tensor | None = None) -> Tensor:
        """Images (B, 3, S, S) of features (B, widths[-1], side, side)."""
        for level, blocks in enumerate(self.stages):
            if level:
                features = functional.pixel_shuffle(self.doublings[level - 1](features), 2)
            for block in blocks:  # type: ignore[attr-defined]
                features = block(features, condition)
        images = functional.pixel_shuffle(self.exit(features), self.patch).float() + 0.5  # (B, 3, S, S)
        return images if self.training else images.clamp(0, 1)


def _stages(widths: Sequence[int], blocks: Sequence[int], condition_dim: int) -> nn.ModuleList:
    return nn.ModuleList(
        [
            nn.ModuleList([ResidualBlock(width, condition_dim) for _ in range(count)])
            for width, count in zip(widths, blocks, strict=True)
        ]
    )


def check_conditioning(conditioning: str) -> None:
    """Raises: ValueError: another conditioning than ``concat`` or ``film``."""
    if conditioning not in CONDITIONINGS:
        raise ValueError(f"conditioning is {conditioning!r}: expected one of {', '.join(CONDITIONINGS)}")


def smallest_side(image_size: int, patch: int, widths: Sequence[int], blocks: Sequence[int]) -> int:
    """Side of the smallest feature map.

    Raises:
        ValueError: sizes that do not fit.
    """
    if not widths or len(widths) != len(blocks):
        raise ValueError(
            f"widths {list(widths)} and blocks {list(blocks)}: expected one number of blocks for each width"
        )
    if patch < 1 or image_size < 1 or image_size % patch:
        raise ValueError(f"image_size {image_size} does not divide into patches of {patch} pixels")
    if (image_size // patch) % 2 ** (len(widths) - 1):
        raise ValueError(f"image_size {image_size} in patches of {patch} does not halve {len(widths) - 1} times")
    return bottom_side(image_size // patch, len(widths) - 1) if len(widths) > 1 else image_size // patch


def grid_side(cells: int, image_size: int, patch: int, widths: Sequence[int], blocks: Sequence[int]) -> int:
    """Side of the smallest feature map, of which each cell is one slot of the latent.

    Raises:
        ValueError: sizes that do not fit, or the latent has another number of slots.
    """
    side = smallest_side(image_size, patch, widths, blocks)
    if cells != side**2:
        raise ValueError(
            f"the latent's layout has {cells} slots, but the smallest map of an image of {image_size} pixels has "
            f"{side} x {side} cells: set model.num_slots={side**2}"
        )
    return side
