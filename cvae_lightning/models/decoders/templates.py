"""Latents and captions to images: each slot has a template of its outline, which is placed, scaled and filled.

A template is a small map of logits; reading it between its points by bilinear interpolation (spatial transformers,
Jaderberg et al. 2015, eq. 5; Attend-Infer-Repeat, Eslami et al. 2016) places it at any position and size. Where logits
grow in proportion to the distance from the outline, an edge is one pixel wide at any scale.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cvae_lightning.models.decoders.canvas import LayerCanvas, slot_tokens
from cvae_lightning.models.interfaces import CaptionEncoding, Decoder, check_positive
from cvae_lightning.models.latent_layout import LatentLayout
from cvae_lightning.models.nn.bilinear import bilinear
from cvae_lightning.models.nn.mlp import mlp
from cvae_lightning.models.nn.slot_queries import SlotQueries, check_slots
from cvae_lightning.models.serialization import part


@part
class TemplateDecoder(Decoder):
    """The mean image of p(image | z, caption): the background, and each slot's colour where its template is.

    What an object looks like is a function of what the caption says of it, and of what its slot holds besides position,
    radius and presence: its colour, its template, and the template's usual size.

    Args:
        layout: of the latent; its slots have a position.
        queries: what each slot represents.
        image_size: side S of the images.
        caption_dim: C.
        patch: side of the pixel squares in which windows are aligned.
        hidden: width of the template's network.
        reach: how far from its position a slot paints at least, as a share of S.
        template_size: points of a template across.
        extent: how far from its position a template reaches whose factor is 1, as a share of S.
        edge_scale: logits per pixel of distance, of a template whose logits grow by 1 per point.
        initial_radius: of a new decoder's disks, as a share of the template.
        initial_colour: of these disks, added to the background's: dark disks at wrong positions would first teach the
            decoder to paint nothing.
        shift_scale: unit of the learned shift of a slot's position, on a canvas of side 1.

    Raises:
        ValueError: sizes that do not fit, or a layout without positions.

    Example:
        >>> from cvae_lightning.models import CaptionEncoding, LatentLayout, LearnedQueries, Masked
        >>> words = Masked(torch.zeros(1, 3, 8), torch.ones(1, 3, dtype=torch.bool))
        >>> caption = CaptionEncoding(torch.zeros(1, 8), words)
        >>> layout = LatentLayout(latent_dim=4, num_slots=2, position_scale=4.0)
        >>> queries = LearnedQueries(num_slots=2, width=8, caption_dim=8)
        >>> decoder = TemplateDecoder(layout, queries, image_size=16, caption_dim=8, hidden=8)
        >>> tuple(decoder(torch.zeros(1, 4), caption).shape)
        (1, 3, 16, 16)
    """

    image_size: int
    pixels: Tensor

    def __init__(
        self,
        layout: LatentLayout,
        queries: SlotQueries,
        image_size: int = 64,
        caption_dim: int = 128,
        patch: int = 4,
        hidden: int = 256,
        reach: float = 0.25,
        template_size: int = 64,
        extent: float = 0.25,
        edge_scale: float = 4.0,
        initial_radius: float = 0.4,
        initial_colour: float = -0.2,
        shift_scale: float = 0.1,
    ) -> None:
        super().__init__()
        check_positive("decoder", hidden=hidden, extent=extent, edge_scale=edge_scale, template_size=template_size - 1)
        layout.require_position()
        check_slots(queries, layout.num_slots)
        self.image_size, self.latent_dim, self.caption_dim = image_size, layout.latent_dim, caption_dim
        self.num_objects, self.layout, self.queries = queries.num_objects, layout, queries
        self.template_size, self.extent, self.edge_scale = template_size, extent, edge_scale
        self.shift_scale = shift_scale
        self.canvas, width = LayerCanvas(image_size, patch, reach), queries.width
        self.latent = mlp(layout.rest_dim, hidden, hidden, width) if layout.rest_dim else None
        self.norm = nn.LayerNorm(width)
        self.shift, self.size, self.colour = nn.Linear(width, 2), nn.Linear(width, 1), nn.Linear(width, 3)
        self.template = mlp(width, hidden, hidden, template_size**2)
        self.background = nn.Parameter(torch.ones(3))
        inside = (torch.arange(patch) + 0.5) / image_size - 0.5 / self.canvas.side
        y, x = torch.meshgrid(inside, inside, indexing="ij")
        self.register_buffer("pixels", torch.stack([x, y], dim=-1).reshape(-1, 2), persistent=False)
        self._initialize(initial_radius, initial_colour)

    def _initialize(self, radius: float, colour: float) -> None:
        """Disks of one colour: with them a new decoder shows a position from nearby."""
        points = torch.linspace(-1, 1, self.template_size)
        distance = (points[:, None].square() + points.square()).sqrt()  # (T, T)
        last = self.template[-1]
        assert isinstance(last, nn.Linear)
        with torch.no_grad():
            last.bias.copy_((radius - distance).flatten() * self.template_size / 2)
        nn.init.normal_(last.weight, std=0.5 * last.in_features**-0.5)
        for layer in (self.shift, self.size):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        nn.init.normal_(self.colour.weight, std=0.2 * self.colour.in_features**-0.5)
        nn.init.constant_(self.colour.bias, colour)

    def forward(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        """Mean images (B, 3, S, S) of latents (B, Z), in [0, 1] except while training, where layers may overlap."""
        queries, numbers = self.queries(caption), self.layout.split(z)  # (B, K, W)
        index, tokens = slot_tokens(queries, numbers, self.latent)  # (M, W)
        tokens = self.norm(tokens)
        positions = index.pack(numbers.positions) + self.shift_scale * self.shift(tokens).float()  # (M, 2)
        factors = self.size(tokens).float().exp()  # (M, 1)
        if numbers.factors is not None:
            factors = factors * index.pack(numbers.factors.unsqueeze(-1))
        cells = self.canvas.cells(positions)  # (M, N, 2)
        alpha = self._alpha(self.template(tokens).float(), factors, self.canvas.centres(cells) - positions.unsqueeze(1))
        layers = self.colour(tokens).float()[:, None, :, None] * alpha.unsqueeze(2)  # (M, N, 3, patch ** 2)
        canvas = self.canvas.empty(len(queries.mask), like=layers)
        self.canvas.add(canvas, layers.flatten(2), cells, index, slice(None))
        images = self.background[:, None, None] + self.canvas.images(canvas)
        return images if self.training else images.clamp(0, 1)

    def _alpha(self, templates: Tensor, factors: Tensor, offsets: Tensor) -> Tensor:
        """Alpha (M, N, patch ** 2) of templates (M, T * T) in cells at offsets (M, N, 2), larger by factors (M, 1)."""
        side = self.template_size
        at = (offsets.unsqueeze(2) + self.pixels) / (self.extent * factors)[..., None, None]  # (M, N, patch ** 2, 2)
        points = ((at + 1) * (0.5 * (side - 1))).flatten(1, 2)  # (M, P, 2)
        logits = bilinear(templates.reshape(-1, side, side), points)  # (M, P)
        # A template that is twice as large has edges twice as wide, in pixels: undone here.
        points_per_pixel = (side - 1) / (2 * self.extent * self.image_size)
        logits = logits * (self.edge_scale / points_per_pixel) * factors
        return logits.sigmoid().reshape(*offsets.shape[:2], len(self.pixels))
