"""Images to q(z | image, caption): the guide's stack of stride-2 convolutions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cvae_lightning.models.gaussian import Gaussian
from cvae_lightning.models.interfaces import CaptionEncoding, Encoder, EncoderOutput, check_images
from cvae_lightning.models.nn.conv_stages import bottom_side, normalization, stage_channels
from cvae_lightning.models.serialization import part


@part
class ConvEncoder(Encoder):
    """Stride-2 convolutions to the mean and log sigma of a diagonal Gaussian.

    Args:
        image_size: side S of the images, a multiple of 2 ** stages.
        latent_dim: Z.
        base_channels: channels after the first stage; they double up to 8 times this.
        stages: number of stride-2 convolutions.
        caption_dim: C to condition the posterior on the caption, q(z | image, caption)
            (Sohn et al. 2015), by joining its embedding to the features; 0 for the guide's q(z | image).
        norm: ``group``, ``batch`` or ``none`` after every convolution.

    Example:
        >>> encoder = ConvEncoder(image_size=32, latent_dim=8, base_channels=8, stages=3)
        >>> sum(p.numel() for p in encoder.parameters())
        19000
    """

    image_size: int

    def __init__(
        self,
        image_size: int = 256,
        latent_dim: int = 128,
        base_channels: int = 64,
        stages: int = 5,
        caption_dim: int = 0,
        norm: str = "group",
    ) -> None:
        super().__init__()
        self.image_size, self.latent_dim, self.caption_dim = image_size, latent_dim, caption_dim or None
        side = bottom_side(image_size, stages)
        widths = stage_channels(base_channels, stages)
        self.stages = nn.Sequential()
        for before, after in zip([3, *widths], widths, strict=False):
            self.stages.extend(
                [
                    nn.Conv2d(before, after, kernel_size=4, stride=2, padding=1),
                    normalization(norm, after),
                    nn.SiLU(),
                ]
            )
        self.head = nn.Linear(widths[-1] * side**2 + caption_dim, 2 * latent_dim)

    def forward(self, images: Tensor, caption: CaptionEncoding) -> EncoderOutput:
        """The posterior over z (B, Z) of images (B, 3, S, S) in [0, 1]."""
        check_images(images, self.image_size)
        features = self.stages(2 * images - 1).flatten(1)  # (B, widths[-1] * side ** 2)
        if self.caption_dim:
            features = torch.cat([features, caption.pooled.to(features.dtype)], dim=1)
        return EncoderOutput(Gaussian.from_raw(*self.head(features).chunk(2, dim=1)))  # (B, Z) each
