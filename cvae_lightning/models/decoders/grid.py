"""Latents on a grid to images, without the caption."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from cvae_lightning.models.interfaces import CaptionEncoding, Decoder
from cvae_lightning.models.latent_layout import LatentLayout
from cvae_lightning.models.nn.residual_block import UpStages, grid_side
from cvae_lightning.models.serialization import part


@part
class GridDecoder(Decoder):
    """The mean image of p(image | z) by residual blocks, from one latent vector per cell of a grid.

    The caption is not looked at: all that a picture shows must be in the latent.

    Args:
        layout: of the latent, one slot per cell, row by row.
        image_size: side S of the images.
        patch: side of the pixel squares that are unfolded from channels at the end.
        widths: channels at each side length, the largest map first, as in the encoder.
        blocks: residual blocks at each of them.

    Raises:
        ValueError: sizes that do not fit.

    Example:
        >>> import torch
        >>> from cvae_lightning.models import CaptionEncoding, Masked
        >>> words = Masked(torch.zeros(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
        >>> caption = CaptionEncoding(torch.zeros(1, 8), words)
        >>> layout = LatentLayout(latent_dim=8, num_slots=4)
        >>> decoder = GridDecoder(layout, image_size=16, patch=4, widths=[8, 8], blocks=[1, 1])  # 2 x 2 cells
        >>> tuple(decoder(torch.zeros(1, 8), caption).shape)
        (1, 3, 16, 16)
    """

    def __init__(
        self,
        layout: LatentLayout,
        image_size: int = 64,
        patch: int = 4,
        widths: Sequence[int] = (64, 128),
        blocks: Sequence[int] = (2, 2),
    ) -> None:
        super().__init__()
        self.side = grid_side(layout.num_slots, image_size, patch, widths, blocks)
        self.image_size, self.latent_dim, self.layout = image_size, layout.latent_dim, layout
        self.entrance = nn.Conv2d(layout.slot_dim, widths[-1], kernel_size=3, padding=1)
        self.body = UpStages(patch, widths, blocks)

    def forward(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        """Mean images (B, 3, S, S) of latents (B, Z), in [0, 1] except while training."""
        grid = self.layout.slots(z).mT.reshape(len(z), -1, self.side, self.side)  # (B, D, side, side)
        return self.body(self.entrance(grid))  # (B, 3, S, S)
