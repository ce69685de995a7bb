"""Residual encoder and decoder: most work on small, thick feature maps, where a CPU is fast.

Pixels are folded into channels at the entrance and unfolded at the exit (pixel_unshuffle and pixel_shuffle,
Shi et al. 2016), so no convolution runs on a thin map of full size. The caption enters in one of four ways:

``concat``           its embedding is joined to the latent, and to the features before the posterior's head
``film``             as concat, and it scales and shifts the channels of every block (Perez et al. 2018)
``cross_attention``  latents are slots with a place each (:mod:`cvae_lightning.models.turns`) that look at its states
``things``           as cross_attention, but each slot is one of the things that the caption names
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.blueprint import part
from cvae_lightning.models.gaussian import FIRST_LOG_SIGMA, Gaussian
from cvae_lightning.models.looks import uncoloured
from cvae_lightning.models.places import PlaceEntrance
from cvae_lightning.models.slots import SLOTTED
from cvae_lightning.models.text_encoder import Caption
from cvae_lightning.models.turns import PlaceHead
from cvae_lightning.models.vae_decoder import Decoder
from cvae_lightning.models.vae_encoder import Encoder, Encoding, bottom_side, normalisation

NARROW = 32
"""Channels of the features that a dense head flattens."""
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


@part
class ResidualEncoder(Encoder):
    """q(z | image, caption) by residual blocks.

    Args:
        image_size: side S of the images.
        latent_dim: Z.
        caption_dim: C.
        patch: side of the pixel squares that are folded into channels.
        widths: channels at each side length, the largest map first; each next map has half the side.
        blocks: residual blocks at each of them.
        conditioning: ``concat``, ``film``, ``cross_attention`` or ``things``.
        slots: tokens that the latent is read as (the last two only).
        slot_width: size of such a token.
        sketch: weight of the slots' own lessons (:mod:`cvae_lightning.models.turns`; the last two only).
    """

    def __init__(
        self,
        image_size: int = 64,
        latent_dim: int = 40,
        caption_dim: int = 128,
        patch: int = 4,
        widths: Sequence[int] = (96,),
        blocks: Sequence[int] = (2,),
        conditioning: str = "cross_attention",
        slots: int = 10,
        slot_width: int = 128,
        sketch: float = 1.0,
    ) -> None:
        super().__init__()
        self.image_size, self.latent_dim, self.caption_dim, self.patch = image_size, latent_dim, caption_dim, patch
        self.things, self.sketch = slots if conditioning == "things" else None, sketch
        if not (math.isfinite(sketch) and sketch >= 0):
            raise ValueError(f"encoder.sketch is {sketch}: expected a finite number of 0 or more")
        if caption_dim < 1:
            raise ValueError(f"caption_dim is {caption_dim}: a residual encoder hears the caption, expected at least 1")
        side = check_shape(image_size, patch, widths, blocks, conditioning)
        condition_dim = caption_dim if conditioning == "film" else 0
        colours = 1 if conditioning in SLOTTED else 3
        self.entrance = nn.Conv2d(colours * patch**2, widths[0], kernel_size=3, padding=1)
        self.halvings = nn.ModuleList(
            [nn.Conv2d(before, after, 4, stride=2, padding=1) for before, after in pairwise(widths)]
        )
        self.stages = nn.ModuleList(
            [_stage(width, count, condition_dim) for width, count in zip(widths, blocks, strict=True)]
        )
        self.head: nn.Module
        if conditioning in SLOTTED:
            self.head = PlaceHead(latent_dim, slots, slot_width, widths[-1], side, caption_dim, conditioning)
        else:
            self.head = _DenseHead(latent_dim, widths[-1], side, caption_dim)

    def forward(self, images: Tensor, caption: Caption) -> Encoding:
        """The posterior over z (B, Z) of images (B, 3, S, S) in [0, 1], and the loss of the slots' lessons."""
        expected = (3, self.image_size, self.image_size)
        if images.ndim != 4 or tuple(images.shape[1:]) != expected:
            raise ValueError(f"images have shape {tuple(images.shape)}: expected (batch, *{expected})")
        if isinstance(self.head, PlaceHead):
            marks = uncoloured(images, self.head.paper.detach())
            mean, log_sigma, loss = self.head(self._features(marks, caption), caption, images, marks)
            return Encoding(Gaussian.from_raw(mean, log_sigma), self.sketch * loss)
        mean, log_sigma = self.head(self._features(images, caption), caption)
        return Encoding(Gaussian.from_raw(mean, log_sigma), images.new_zeros(len(images)))

    def _features(self, seen: Tensor, caption: Caption) -> Tensor:
        """Features (B, channels, side, side) of what is seen (B, 1 or 3, S, S), in [0, 1]."""
        features = self.entrance(functional.pixel_unshuffle(2 * seen - 1, self.patch))
        for level, stage in enumerate(self.stages):
            if level:
                features = self.halvings[level - 1](functional.silu(features))
            for block in stage:  # type: ignore[attr-defined]
                features = block(features, caption.pooled)
        return features


class _DenseHead(nn.Module):
    """All features and the caption's embedding to the posterior's numbers at once."""

    def __init__(self, latent_dim: int, width: int, side: int, caption_dim: int, hidden: int = 512) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(width, NARROW, kernel_size=1)
        self.hidden = nn.Linear(NARROW * side**2 + caption_dim, hidden)
        self.out = nn.Linear(hidden + caption_dim, 2 * latent_dim)

    def forward(self, features: Tensor, caption: Caption) -> tuple[Tensor, Tensor]:
        narrow = functional.silu(self.narrow(functional.silu(features))).flatten(1)
        hidden = functional.silu(self.hidden(torch.cat([narrow, caption.pooled.to(narrow.dtype)], dim=1)))
        mean, log_sigma = self.out(torch.cat([hidden, caption.pooled.to(hidden.dtype)], dim=1)).chunk(2, dim=1)
        return mean, log_sigma + FIRST_LOG_SIGMA


@part
class ResidualDecoder(Decoder):
    """The mean image of p(image | z, caption) by residual blocks.

    Args:
        image_size: side S of the images.
        latent_dim: Z.
        caption_dim: C.
        patch: side of the pixel squares that are unfolded from channels at the end.
        widths: channels at each side length, the largest map first, as in the encoder.
        blocks: residual blocks at each of them.
        conditioning: ``concat``, ``film``, ``cross_attention`` or ``things``.
        slots: tokens that the latent is read as (the last two only).
        slot_width: size of such a token.
    """

    def __init__(
        self,
        image_size: int = 64,
        latent_dim: int = 40,
        caption_dim: int = 128,
        patch: int = 4,
        widths: Sequence[int] = (96,),
        blocks: Sequence[int] = (2,),
        conditioning: str = "cross_attention",
        slots: int = 10,
        slot_width: int = 128,
    ) -> None:
        super().__init__()
        self.image_size, self.latent_dim, self.caption_dim, self.patch = image_size, latent_dim, caption_dim, patch
        self.things = slots if conditioning == "things" else None
        side = check_shape(image_size, patch, widths, blocks, conditioning)
        upwards = list(widths)[::-1]
        self.film = conditioning == "film"
        condition_dim = latent_dim + caption_dim if self.film else 0
        self.entrance: nn.Module
        if conditioning in SLOTTED:
            self.entrance = PlaceEntrance(latent_dim, slots, slot_width, upwards[0], side, caption_dim, conditioning)
        else:
            self.entrance = _DenseEntrance(latent_dim, upwards[0], side, caption_dim)
        self.stages = nn.ModuleList(
            [_stage(width, count, condition_dim) for width, count in zip(upwards, list(blocks)[::-1], strict=True)]
        )
        self.doublings = nn.ModuleList(
            [nn.Conv2d(before, 4 * after, 3, padding=1) for before, after in pairwise(upwards)]
        )
        self.exit = nn.Conv2d(upwards[-1], 3 * patch**2, kernel_size=3, padding=1)

    def forward(self, z: Tensor, caption: Caption) -> Tensor:
        """Mean images (B, 3, S, S) of latents (B, Z), in [0, 1] except while training.

        A bounded output answers with a gradient of zero once all of a canvas is white, where training began
        and stayed; so the mean is bounded only where it is used.
        """
        condition = torch.cat([z, caption.pooled.to(z.dtype)], dim=1) if self.film else None
        features = self.entrance(z, caption)
        for level, stage in enumerate(self.stages):
            if level:
                features = functional.pixel_shuffle(self.doublings[level - 1](features), 2)
            for block in stage:  # type: ignore[attr-defined]
                features = block(features, condition)
        images = functional.pixel_shuffle(self.exit(features), self.patch).float() + 0.5
        return images if self.training else images.clamp(0, 1)


class _DenseEntrance(nn.Module):
    """Latent and the caption's embedding, joined, to a feature grid."""

    def __init__(self, latent_dim: int, width: int, side: int, caption_dim: int, hidden: int = 384) -> None:
        super().__init__()
        self.hidden = nn.Linear(latent_dim + caption_dim, hidden)
        self.out = nn.Linear(hidden, width * side**2)
        self.shape = (width, side, side)

    def forward(self, z: Tensor, caption: Caption) -> Tensor:
        joined = torch.cat([z, caption.pooled.to(z.dtype)], dim=1)
        return self.out(functional.silu(self.hidden(joined))).unflatten(1, self.shape)


def _stage(width: int, count: int, condition_dim: int) -> nn.ModuleList:
    return nn.ModuleList([ResidualBlock(width, condition_dim) for _ in range(count)])
