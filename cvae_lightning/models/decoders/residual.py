"""The mean image by residual blocks (:mod:`cvae_lightning.models.nn.residual_block`)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.decoders.conv import Decoder
from cvae_lightning.models.decoders.slots import PlaceEntrance
from cvae_lightning.models.nn.residual_block import check_shape, stage
from cvae_lightning.models.nn.slot_queries import SLOTTED
from cvae_lightning.models.serialization import part
from cvae_lightning.models.text.lstm import Caption


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
            [stage(width, count, condition_dim) for width, count in zip(upwards, list(blocks)[::-1], strict=True)]
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
        for level, blocks in enumerate(self.stages):
            if level:
                features = functional.pixel_shuffle(self.doublings[level - 1](features), 2)
            for block in blocks:  # type: ignore[attr-defined]
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
