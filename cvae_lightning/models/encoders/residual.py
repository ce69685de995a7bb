"""Images to q(z | image, caption): residual blocks and a dense head."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.gaussian import Gaussian
from cvae_lightning.models.interfaces import CaptionEncoding, Encoder, EncoderOutput, check_images
from cvae_lightning.models.nn.residual_block import DownStages, check_conditioning, smallest_side
from cvae_lightning.models.serialization import part


@part
class ResidualEncoder(Encoder):
    """q(z | image, caption) by residual blocks (:mod:`cvae_lightning.models.nn.residual_block`).

    Args:
        image_size: side S of the images.
        latent_dim: Z.
        caption_dim: C.
        patch: side of the pixel squares that are folded into channels.
        widths: channels at each side length, the largest map first; each next map has half the side.
        blocks: residual blocks at each of them.
        conditioning: ``concat`` or ``film``.
        head_channels: of the features that the head flattens.
        head_width: of the head's hidden layer.
        initial_log_sigma: added to the posterior's; a new posterior is narrow, so that the decoder finds something to
            read in the latent from the first step.

    Raises:
        ValueError: sizes that do not fit, or an unknown conditioning.

    Example:
        >>> from cvae_lightning.models import CaptionEncoding, Masked
        >>> words = Masked(torch.zeros(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
        >>> caption = CaptionEncoding(torch.zeros(1, 8), words)
        >>> encoder = ResidualEncoder(image_size=16, latent_dim=4, caption_dim=8, widths=[8], blocks=[1], head_width=16)
        >>> tuple(encoder(torch.rand(1, 3, 16, 16), caption).posterior.mean.shape)
        (1, 4)
    """

    image_size: int

    def __init__(
        self,
        image_size: int = 64,
        latent_dim: int = 40,
        caption_dim: int = 128,
        patch: int = 4,
        widths: Sequence[int] = (96,),
        blocks: Sequence[int] = (2,),
        conditioning: str = "concat",
        head_channels: int = 32,
        head_width: int = 512,
        initial_log_sigma: float = -3.0,
    ) -> None:
        super().__init__()
        if caption_dim < 1:
            raise ValueError(f"caption_dim is {caption_dim}: a residual encoder reads the caption, expected at least 1")
        check_conditioning(conditioning)
        self.image_size, self.latent_dim, self.caption_dim = image_size, latent_dim, caption_dim
        side = smallest_side(image_size, patch, widths, blocks)
        self.film, self.initial_log_sigma = conditioning == "film", initial_log_sigma
        self.body = DownStages(3, patch, widths, blocks, caption_dim if self.film else 0)
        self.narrow = nn.Conv2d(widths[-1], head_channels, kernel_size=1)
        self.hidden = nn.Linear(head_channels * side**2 + caption_dim, head_width)
        self.out = nn.Linear(head_width + caption_dim, 2 * latent_dim)

    def forward(self, images: Tensor, caption: CaptionEncoding) -> EncoderOutput:
        """The posterior over z (B, Z) of images (B, 3, S, S) in [0, 1]."""
        check_images(images, self.image_size)
        features = self.body(images, caption.pooled)  # (B, widths[-1], side, side)
        narrow = functional.silu(self.narrow(functional.silu(features))).flatten(1)  # (B, head_channels * side ** 2)
        hidden = functional.silu(self.hidden(_join(narrow, caption.pooled)))  # (B, head_width)
        mean, log_sigma = self.out(_join(hidden, caption.pooled)).chunk(2, dim=1)  # (B, Z) each
        return EncoderOutput(Gaussian.from_raw(mean, log_sigma + self.initial_log_sigma))


def _join(features: Tensor, pooled: Tensor) -> Tensor:
    return torch.cat([features, pooled.to(features.dtype)], dim=1)
