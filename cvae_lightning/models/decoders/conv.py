"""Latents and captions to images: the guide's stack of stride-2 transposed convolutions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cvae_lightning.models.interfaces import CaptionEncoding, Decoder
from cvae_lightning.models.nn.conv_stages import bottom_side, normalization, stage_channels
from cvae_lightning.models.serialization import part


@part
class ConvDecoder(Decoder):
    """Joins z and the caption embedding and upsamples with transposed convolutions.

    Args:
        image_size: side S of the images, a multiple of 2 ** stages.
        latent_dim: Z.
        caption_dim: C.
        base_channels: channels before the last stage; they double downwards up to 8 times this.
        stages: number of stride-2 transposed convolutions.
        norm: ``group``, ``batch`` or ``none`` before every transposed convolution.

    Example:
        >>> from cvae_lightning.models import CaptionEncoding, Masked
        >>> words = Masked(torch.zeros(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
        >>> caption = CaptionEncoding(torch.zeros(1, 8), words)
        >>> decoder = ConvDecoder(image_size=32, latent_dim=4, caption_dim=8, base_channels=8, stages=3)
        >>> tuple(decoder(torch.zeros(1, 4), caption).shape)
        (1, 3, 32, 32)
    """

    def __init__(
        self,
        image_size: int = 256,
        latent_dim: int = 128,
        caption_dim: int = 256,
        base_channels: int = 64,
        stages: int = 5,
        norm: str = "group",
    ) -> None:
        super().__init__()
        self.image_size, self.latent_dim, self.caption_dim = image_size, latent_dim, caption_dim
        side = bottom_side(image_size, stages)
        widths = stage_channels(base_channels, stages)[::-1]
        self.bottom = (widths[0], side, side)
        self.entrance = nn.Linear(latent_dim + caption_dim, widths[0] * side**2)
        self.stages = nn.Sequential()
        for before, after in zip(widths, [*widths[1:], 3], strict=True):
            self.stages.extend([normalization(norm, before), nn.SiLU()])
            self.stages.append(nn.ConvTranspose2d(before, after, kernel_size=4, stride=2, padding=1))

    def forward(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        """Mean images (B, 3, S, S) in [0, 1] of latents (B, Z)."""
        joined = torch.cat([z, caption.pooled.to(z.dtype)], dim=1)  # (B, Z + C)
        features = self.entrance(joined).unflatten(1, self.bottom)  # (B, widths[0], side, side)
        return torch.sigmoid(self.stages(features).float())  # (B, 3, S, S)
