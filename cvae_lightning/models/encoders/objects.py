"""Images to latents, one slot per object, by the image alone: no caption says how many there are or which they are.

Objects are connected regions that differ from the background (the Gestalt principle of uniform connectedness; Palmer &
Rock 1994). What a region looks like is learned: a small network reads its colour, another one its outline.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from cvae_lightning.models.encoders.connected_regions import Regions, connected_regions
from cvae_lightning.models.encoders.edge_features import colour_distance
from cvae_lightning.models.gaussian import Gaussian
from cvae_lightning.models.interfaces import CaptionEncoding, Encoder, EncoderOutput, check_images, check_positive
from cvae_lightning.models.latent_layout import LatentLayout
from cvae_lightning.models.nn.bilinear import bilinear
from cvae_lightning.models.nn.fourier import cell_centres
from cvae_lightning.models.nn.mlp import mlp
from cvae_lightning.models.nn.ragged import RaggedIndex
from cvae_lightning.models.serialization import part

MOVED = 0.1
"""Unit of the learned correction of position and radius, in the latent's units."""

COVERED = 0.9
"""Pixels of at least this coverage are not mixed with the background: their mean is a region's colour."""


@part
class ObjectEncoder(Encoder):
    """q(z | image): position, presence, colour and outline of each of the largest connected regions.

    The caption is not looked at. The background is each image's median colour. A slot without an object has the
    posterior N(0, I), but for its presence. With a radius in the layout, that of the disk of a region's area is its
    mean, in units of ``usual_radius``, and the outline is read at that scale.

    Args:
        layout: of the latent; its slots have a position and a presence, and as many other numbers as ``sizes``.
        image_size: side S of the images.
        sizes: numbers of a slot's colour, and of its outline.
        hidden: width of the networks that read them.
        threshold: how far from the background's colour a pixel of an object is at least, in the channel that differs
            most.
        min_pixels: smaller regions are not objects.
        usual_radius: the radius whose factor is 1, as a share of S.
        reach: how far from its position an outline is read, in radii.
        window_cells: cells across in which it is read.
        initial_log_sigma: of a new posterior.

    Raises:
        ValueError: sizes that do not fit, or a layout without positions or presence.

    Example:
        >>> layout = LatentLayout(latent_dim=16, num_slots=2, position_scale=4.0, presence_scale=2.0)
        >>> encoder = ObjectEncoder(layout, image_size=32, sizes=[2, 3], hidden=8, window_cells=8)
        >>> image = torch.ones(1, 3, 32, 32)
        >>> image[:, 0, 4:12, 20:28] = 0.0  # a square whose centre is at x = 0.75, y = 0.25
        >>> numbers = layout.split(encoder(image, None).posterior.mean)
        >>> numbers.present.tolist(), [round(number, 1) for number in (4 * numbers.positions[0, 0]).tolist()]
        ([[True, False]], [3.0, 1.0])
    """

    image_size: int
    centres: Tensor
    window: Tensor

    def __init__(
        self,
        layout: LatentLayout,
        image_size: int = 64,
        sizes: Sequence[int] = (3, 6),
        hidden: int = 256,
        threshold: float = 0.1,
        min_pixels: int = 4,
        usual_radius: float = 0.1,
        reach: float = 1.8,
        window_cells: int = 24,
        initial_log_sigma: float = -3.0,
    ) -> None:
        super().__init__()
        check_positive("encoder", hidden=hidden, min_pixels=min_pixels, window_cells=window_cells, reach=reach)
        layout.require_position()
        if len(sizes) != 2 or min(sizes) < 1 or sum(sizes) != layout.rest_dim or layout.presence_scale is None:
            raise ValueError(
                f"encoder.sizes is {list(sizes)}: expected numbers of colour and outline, {layout.rest_dim} in all, "
                "and a layout with presence_scale"
            )
        if not 0 < threshold < 1:
            raise ValueError(f"encoder.threshold is {threshold}: expected a number between 0 and 1")
        self.image_size, self.latent_dim, self.layout = image_size, layout.latent_dim, layout
        self.sizes, self.threshold, self.min_pixels = tuple(sizes), threshold, min_pixels
        self.reach, self.usual_radius, self.initial_log_sigma = reach, usual_radius, initial_log_sigma
        self.colour = mlp(3, hidden, hidden, 2 * sizes[0])
        self.outline = mlp(window_cells**2, hidden, hidden, 2 * (layout.presence_column + sizes[1]))
        cells = 2 * cell_centres(window_cells) - 1
        self.register_buffer("window", reach * cells, persistent=False)  # in radii
        self.register_buffer("centres", cell_centres(image_size), persistent=False)

    def forward(self, images: Tensor, caption: CaptionEncoding | None) -> EncoderOutput:
        """The posterior over z (B, Z) of images (B, 3, S, S) in [0, 1]."""
        check_images(images, self.image_size)
        images = images.float()
        background = images.flatten(2).median(dim=2).values  # (B, 3)
        contrast = colour_distance(images, background).squeeze(1)  # (B, S, S)
        regions = connected_regions(contrast > self.threshold, self.layout.num_slots, self.min_pixels)
        index = RaggedIndex.from_mask(regions.mask)
        coverage = _coverage(contrast, regions, index)  # (M, S, S)
        area = coverage.sum(dim=(1, 2)).unsqueeze(1)  # (M, 1)
        positions = (coverage.flatten(1) @ self.centres) / area  # (M, 2)
        radii = (area / math.pi).sqrt() / self.image_size  # (M, 1)
        if self.layout.radius_scale is None:
            named, radii = self.layout.scaled(positions), torch.full_like(radii, self.usual_radius)
        else:
            log_factors = self.layout.log_factors(radii / self.usual_radius)
            named = torch.cat([self.layout.scaled(positions), log_factors], dim=1)
        points = (positions.unsqueeze(1) + radii.unsqueeze(1) * self.window) * self.image_size - 0.5  # (M, N, 2)
        outline = self.outline(bilinear(coverage, points)).float()  # (M, 2 * (2 or 3 + O))
        colour = self.colour(_mean_colour(images, coverage, index)).float()  # (M, 2 * C)
        return EncoderOutput(self._posterior(named, colour, outline, index))

    def _posterior(self, named: Tensor, colour: Tensor, outline: Tensor, index: RaggedIndex) -> Gaussian:
        """Numbers (M, ...) of the objects as the posterior over all slots, (B, Z)."""
        sizes = [named.shape[1], self.sizes[1]]
        (moved, outlines), (named_sigma, outline_sigma) = (
            torch.split(half, sizes, dim=1) for half in outline.chunk(2, dim=1)
        )
        colours, colour_sigma = colour.chunk(2, dim=1)
        mean = torch.cat([named + MOVED * moved, colours, outlines], dim=1)
        log_sigma = torch.cat([named_sigma, colour_sigma, outline_sigma], dim=1) + self.initial_log_sigma
        presence = self.layout.presence_of(index.mask).unsqueeze(-1)  # (B, K, 1)
        sigma = torch.full_like(presence, self.initial_log_sigma)
        mean, log_sigma = (
            torch.cat([padded[..., : sizes[0]], number, padded[..., sizes[0] :]], dim=-1)  # (B, K, D)
            for padded, number in ((index.pad(mean), presence), (index.pad(log_sigma), sigma))
        )
        return Gaussian.from_raw(mean.flatten(1), log_sigma.flatten(1))


def _coverage(contrast: Tensor, regions: Regions, index: RaggedIndex) -> Tensor:
    """How much of each pixel each region covers, (M, S, S): its contrast as a share of the region's largest."""
    chosen = index.pack(regions.chosen.unsqueeze(-1))  # (M, 1)
    inside = regions.labels.index_select(0, index.row) == chosen.unsqueeze(-1)  # (M, S, S)
    coverage = contrast.index_select(0, index.row) * inside
    return coverage / coverage.amax(dim=(1, 2), keepdim=True)


def _mean_colour(images: Tensor, coverage: Tensor, index: RaggedIndex) -> Tensor:
    """The mean colour (M, 3) of the pixels that regions cover."""
    weights = (coverage > COVERED).float().flatten(1)  # (M, N)
    pixels = images.index_select(0, index.row).flatten(2)  # (M, 3, N)
    return (pixels @ weights.unsqueeze(2)).squeeze(2) / weights.sum(dim=1, keepdim=True)
