"""Latents and captions to images: a dense entrance and residual blocks."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.interfaces import CaptionEncoding, Decoder
from cvae_lightning.models.nn.residual_block import UpStages, check_conditioning, smallest_side
from cvae_lightning.models.serialization import part


@part
class ResidualDecoder(Decoder):
    """The mean image of p(image | z, caption) by residual blocks (:mod:`cvae_lightning.models.nn.residual_block`).

    Args:
        image_size: side S of the images.
        latent_dim: Z.
        caption_dim: C.
        patch: side of the pixel squares that are unfolded from channels at the end.
        widths: channels at each side length, the largest map first, as in the encoder.
        blocks: residual blocks at each of them.
        conditioning: ``concat`` or ``film``.
        hidden: width of the entrance's hidden layer.

    Raises:
        ValueError: sizes that do not fit, or an unknown conditioning.

    Example:
        >>> from cvae_lightning.models import CaptionEncoding, Masked
        >>> words = Masked(torch.zeros(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
        >>> caption = CaptionEncoding(torch.zeros(1, 8), words)
        >>> decoder = ResidualDecoder(image_size=16, latent_dim=4, caption_dim=8, widths=[8], blocks=[1], hidden=16)
        >>> tuple(decoder(torch.zeros(1, 4), caption).shape)
        (1, 3, 16, 16)
    """

    def __init__(
        self,
        image_size: int = 64,
        latent_dim: int = 40,
        caption_dim: int = 128,
        patch: int = 4,
        widths: Sequence[int] = (96,),
        blocks: Sequence[int] = (2,),
        conditioning: str = "concat",
        hidden: int = 384,
    ) -> None:
        super().__init__()
        check_conditioning(conditioning)
        self.image_size, self.latent_dim, self.caption_dim = image_size, latent_dim, caption_dim
        side = smallest_side(image_size, patch, widths, blocks)
        self.film = conditioning == "film"
        self.hidden = nn.Linear(latent_dim + caption_dim, hidden)
        self.entrance = nn.Linear(hidden, widths[-1] * side**2)
        self.bottom = (widths[-1], side, side)
        self.body = UpStages(patch, widths, blocks, latent_dim + caption_dim if self.film else 0)

    def forward(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        """Mean images (B, 3, S, S) of latents (B, Z), in [0, 1] except while training."""
        joined = torch.cat([z, caption.pooled.to(z.dtype)], dim=1)  # (B, Z + C)
        features = self.entrance(functional.silu(self.hidden(joined))).unflatten(1, self.bottom)
        return self.body(features, joined if self.film else None)  # (B, 3, S, S)
