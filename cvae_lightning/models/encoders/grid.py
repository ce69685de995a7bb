"""Images to q(z | image) on a grid: the last feature map's cells are the latent's slots."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.gaussian import Gaussian
from cvae_lightning.models.interfaces import CaptionEncoding, Encoder, EncoderOutput, check_images
from cvae_lightning.models.latent_layout import LatentLayout
from cvae_lightning.models.nn.residual_block import DownStages, grid_side
from cvae_lightning.models.serialization import part


@part
class GridEncoder(Encoder):
    """q(z | image) by residual blocks, of one latent vector per cell of a grid (Rombach et al. 2022, section 3.1).

    Nothing is assumed about objects, and the caption is not looked at.

    Args:
        layout: of the latent, one slot per cell, row by row.
        image_size: side S of the images.
        patch: side of the pixel squares that are folded into channels.
        widths: channels at each side length, the largest map first; each next map has half the side.
        blocks: residual blocks at each of them.
        initial_log_sigma: added to the posterior's; a new posterior is narrow, so that the decoder finds something to
            read in the latent from the first step.

    Raises:
        ValueError: sizes that do not fit.

    Example:
        >>> import torch
        >>> from cvae_lightning.models import CaptionEncoding, Masked
        >>> words = Masked(torch.zeros(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
        >>> caption = CaptionEncoding(torch.zeros(1, 8), words)
        >>> layout = LatentLayout(latent_dim=8, num_slots=4)
        >>> encoder = GridEncoder(layout, image_size=16, patch=4, widths=[8, 8], blocks=[1, 1])  # 2 x 2 cells
        >>> tuple(encoder(torch.rand(1, 3, 16, 16), caption).posterior.mean.shape)
        (1, 8)
    """

    image_size: int

    def __init__(
        self,
        layout: LatentLayout,
        image_size: int = 64,
        patch: int = 4,
        widths: Sequence[int] = (64, 128),
        blocks: Sequence[int] = (2, 2),
        initial_log_sigma: float = -3.0,
    ) -> None:
        super().__init__()
        grid_side(layout.num_slots, image_size, patch, widths, blocks)
        self.image_size, self.latent_dim, self.initial_log_sigma = image_size, layout.latent_dim, initial_log_sigma
        self.body = DownStages(3, patch, widths, blocks)
        self.out = nn.Conv2d(widths[-1], 2 * layout.slot_dim, kernel_size=1)

    def forward(self, images: Tensor, caption: CaptionEncoding) -> EncoderOutput:
        """The posterior over z (B, Z) of images (B, 3, S, S) in [0, 1]."""
        check_images(images, self.image_size)
        numbers = self.out(functional.silu(self.body(images)))  # (B, 2 D, side, side)
        mean, log_sigma = (half.flatten(2).mT.flatten(1) for half in numbers.chunk(2, dim=1))  # (B, Z) each
        return EncoderOutput(Gaussian.from_raw(mean, log_sigma + self.initial_log_sigma))
