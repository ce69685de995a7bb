"""The posterior by residual blocks (:mod:`cvae_lightning.models.nn.residual_block`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.encoders.conv import Encoder, Encoding
from cvae_lightning.models.encoders.edge_features import uncoloured
from cvae_lightning.models.encoders.slots import PlaceHead
from cvae_lightning.models.gaussian import FIRST_LOG_SIGMA, Gaussian
from cvae_lightning.models.nn.residual_block import check_shape, stage
from cvae_lightning.models.nn.slot_queries import SLOTTED
from cvae_lightning.models.serialization import part
from cvae_lightning.models.text.lstm import Caption

NARROW = 32
"""Channels of the features that a dense head flattens."""


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
        sketch: weight of the slots' own lessons (:mod:`cvae_lightning.models.encoders.slots`; the last two only).
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
            [stage(width, count, condition_dim) for width, count in zip(widths, blocks, strict=True)]
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
        for level, blocks in enumerate(self.stages):
            if level:
                features = self.halvings[level - 1](functional.silu(features))
            for block in blocks:  # type: ignore[attr-defined]
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
