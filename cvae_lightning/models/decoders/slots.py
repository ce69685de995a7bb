"""Latents and captions to images: slots write features around their positions, and residual blocks paint them.

Each slot writes to a feature grid as a function of the offset from its position (slot-centric reference frames, Biza et
al. 2023), and cells read from the nearest slots. So how an object looks is learned once, for all positions, and a
slot's latent is little more than where its object is: easy to learn for a prior.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.interfaces import CaptionEncoding, Decoder, check_positive
from cvae_lightning.models.latent_layout import LatentLayout
from cvae_lightning.models.nn.attention import Block
from cvae_lightning.models.nn.fourier import cell_centres, fourier_size, offset_features
from cvae_lightning.models.nn.mlp import mlp
from cvae_lightning.models.nn.residual_block import UpStages, smallest_side
from cvae_lightning.models.nn.slot_queries import SlotQueries, check_slots
from cvae_lightning.models.serialization import part


@part
class SlotDecoder(Decoder):
    """The mean image of p(image | z, caption), by a feature grid that slots write to.

    Args:
        layout: of the latent; its slots have a position.
        queries: what each slot represents.
        image_size: side S of the images.
        caption_dim: C.
        patch: side of the pixel squares that are unfolded from channels at the end.
        widths: channels at each side length, the largest map first, as in the encoder.
        blocks: residual blocks at each of them.
        slot_channels: in which slots write; the most expensive layer, yet with half of them far less was learned.
        frequencies: of the offsets' Fourier features, half waves per canvas.
        offset_scale: of the offsets themselves among these features.
        distance_scale: unit of the learned loss of attention per squared distance.
        shift_scale: unit of the learned shift of a slot's position, on a canvas of side 1.

    Raises:
        ValueError: sizes that do not fit, or a layout without positions.

    Example:
        >>> from cvae_lightning.models import CaptionEncoding, LatentLayout, LearnedQueries, Masked
        >>> words = Masked(torch.zeros(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
        >>> caption = CaptionEncoding(torch.zeros(1, 8), words)
        >>> layout = LatentLayout(latent_dim=4, num_slots=2, position_scale=4.0)
        >>> queries = LearnedQueries(num_slots=2, width=8, caption_dim=8)
        >>> decoder = SlotDecoder(layout, queries, image_size=16, caption_dim=8, widths=[8], blocks=[1])
        >>> tuple(decoder(torch.zeros(1, 4), caption).shape)
        (1, 3, 16, 16)
    """

    centres: Tensor

    def __init__(
        self,
        layout: LatentLayout,
        queries: SlotQueries,
        image_size: int = 64,
        caption_dim: int = 128,
        patch: int = 4,
        widths: Sequence[int] = (64,),
        blocks: Sequence[int] = (2,),
        slot_channels: int = 96,
        frequencies: Sequence[float] = (2, 4, 8, 16),
        offset_scale: float = 4.0,
        distance_scale: float = 10.0,
        shift_scale: float = 0.1,
    ) -> None:
        super().__init__()
        check_positive("decoder", slot_channels=slot_channels, offset_scale=offset_scale)
        layout.require_position()
        check_slots(queries, layout.num_slots)
        self.image_size, self.latent_dim, self.caption_dim = image_size, layout.latent_dim, caption_dim
        self.num_objects = queries.num_objects
        self.layout, self.queries, self.frequencies = layout, queries, tuple(frequencies)
        self.offset_scale, self.distance_scale, self.shift_scale = offset_scale, distance_scale, shift_scale
        self.side, width = smallest_side(image_size, patch, widths, blocks), queries.width
        self.latent = mlp(layout.slot_dim, width, width)
        self.block = Block(width, cross_attention=False)
        self.norm = nn.LayerNorm(width)
        self.shift = nn.Linear(width, 2)
        nn.init.zeros_(self.shift.weight)
        nn.init.zeros_(self.shift.bias)
        self.content = nn.Linear(width, slot_channels)
        self.offset = nn.Linear(fourier_size(2, self.frequencies), slot_channels)
        self.write = nn.Sequential(
            nn.SiLU(),
            nn.Linear(slot_channels, slot_channels),
            nn.SiLU(),
            nn.Linear(slot_channels, slot_channels + 1),
        )
        self.nearness = nn.Parameter(torch.tensor(2.0))
        self.background = nn.Parameter(0.1 * torch.randn(slot_channels))
        self.widen = nn.Conv2d(slot_channels, widths[-1], kernel_size=3, padding=1)
        self.body = UpStages(patch, widths, blocks)
        self.register_buffer("centres", cell_centres(self.side), persistent=False)

    def forward(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        """Mean images (B, 3, S, S) of latents (B, Z), in [0, 1] except while training."""
        queries = self.queries(caption)  # (B, K, W)
        latent = self.latent(self.layout.slots(z))  # (B, K, W)
        tokens = self.norm(self.block(queries.values + latent, mask=queries.mask))  # (B, K, W)
        positions = self.layout.split(z).positions  # (B, K, 2)
        positions = positions + self.shift_scale * self.shift(tokens).float()
        offsets = self.centres - positions.unsqueeze(2)  # (B, K, N, 2)
        features = offset_features(offsets, self.frequencies, self.offset_scale)  # (B, K, N, F)
        written = self.write(self.content(tokens).unsqueeze(2) + self.offset(features))  # (B, K, N, channels + 1)
        return self.body(self._read(written, offsets, queries.mask))

    def _read(self, written: Tensor, offsets: Tensor, mask: Tensor) -> Tensor:
        """The grid (B, widths[-1], side, side) of what slots wrote (B, K, N, channels + 1) at these offsets."""
        distance = offsets.square().sum(dim=-1)  # (B, K, N)
        scores = written[..., -1].float() - self.distance_scale * functional.softplus(self.nearness) * distance
        scores = scores.masked_fill(~mask[..., None], -1e4)
        background = torch.full_like(scores[:, :1], -1.0)
        shares = torch.cat([scores, background], dim=1).softmax(dim=1).to(written.dtype)  # (B, K + 1, N)
        grid = (shares[:, :-1, :, None] * written[..., :-1]).sum(dim=1) + shares[:, -1, :, None] * self.background
        return self.widen(grid.transpose(1, 2).reshape(grid.shape[0], -1, self.side, self.side))
