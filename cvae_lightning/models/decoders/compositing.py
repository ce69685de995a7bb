"""Latents and captions to images: each slot paints an object of one colour around its position, and the layers add up.

Spatial broadcast decoders (Watters et al. 2019; Locatello et al. 2020, section 3) paint a whole canvas for each slot as
a function of coordinates; here coordinates are relative to the slot's position (slot-centric reference frames, Biza et
al. 2023) and a slot paints no further than objects reach. A layer is a colour times an alpha in [0, 1] (Porter & Duff
1984), so how a shape looks is learned once, for all colours and positions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.decoders.canvas import LayerCanvas, slot_tokens
from cvae_lightning.models.interfaces import CaptionEncoding, Decoder, check_positive
from cvae_lightning.models.latent_layout import LatentLayout
from cvae_lightning.models.nn.fourier import fourier_size, offset_features
from cvae_lightning.models.nn.mlp import mlp
from cvae_lightning.models.nn.ragged import RaggedIndex
from cvae_lightning.models.nn.slot_queries import SlotQueries, check_slots
from cvae_lightning.models.serialization import part

CELLS_AT_ONCE = 2600
"""Cells of slots that are painted together: with 128 hidden numbers each, what the cache of one core holds."""


@part
class CompositingDecoder(Decoder):
    """The mean image of p(image | z, caption): the background, and what each slot's layer adds to it.

    How an object looks is a function of what the caption says of it, and of what its slot holds besides a position and
    a radius: a position moves the object, a radius scales it, neither does anything else, and objects of one group
    look alike.

    Args:
        layout: of the latent; its slots have a position.
        queries: what each slot represents.
        image_size: side S of the images.
        caption_dim: C.
        patch: side of the pixel squares that are painted at once.
        hidden: width of the alpha's network.
        reach: how far from its position a slot paints at least, as a share of S.
        frequencies: of the offsets' Fourier features, half waves per canvas.
        offset_scale: of the offsets themselves among these features.
        alpha_scale: factor of the alpha's network before the sigmoid.
        alpha_falloff: a new decoder paints soft blobs, alpha sigmoid(-alpha_falloff distance ** 2), which show a
            position from nearby.
        initial_colour: of the blobs, added to the background's: dark blobs at wrong positions would first teach the
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
        >>> decoder = CompositingDecoder(layout, queries, image_size=16, caption_dim=8, hidden=8)
        >>> tuple(decoder(torch.zeros(1, 4), caption).shape)
        (1, 3, 16, 16)
    """

    def __init__(
        self,
        layout: LatentLayout,
        queries: SlotQueries,
        image_size: int = 64,
        caption_dim: int = 128,
        patch: int = 4,
        hidden: int = 128,
        reach: float = 0.25,
        frequencies: Sequence[float] = (2, 4, 8, 16),
        offset_scale: float = 4.0,
        alpha_scale: float = 2.0,
        alpha_falloff: float = 200.0,
        initial_colour: float = -0.2,
        shift_scale: float = 0.1,
    ) -> None:
        super().__init__()
        check_positive("decoder", hidden=hidden, offset_scale=offset_scale)
        layout.require_position()
        check_slots(queries, layout.num_slots)
        self.image_size, self.latent_dim, self.caption_dim = image_size, layout.latent_dim, caption_dim
        self.num_objects = queries.num_objects
        self.layout, self.queries, self.frequencies = layout, queries, tuple(frequencies)
        self.alpha_scale, self.alpha_falloff, self.shift_scale = alpha_scale, alpha_falloff, shift_scale
        self.offset_scale = offset_scale
        self.canvas = LayerCanvas(image_size, patch, reach)
        width = queries.width
        self.latent = mlp(layout.rest_dim, width, width) if layout.rest_dim else None
        self.norm = nn.LayerNorm(width)
        self.shift, self.colour = nn.Linear(width, 2), nn.Linear(width, 3)
        self.content, self.offset = nn.Linear(width, hidden), nn.Linear(fourier_size(2, self.frequencies), hidden)
        self.inner, self.alpha = nn.Linear(hidden, hidden), nn.Linear(hidden, patch**2)
        self.background = nn.Parameter(torch.ones(3))
        self._initialize(initial_colour)

    def _initialize(self, initial_colour: float) -> None:
        """Signals of size one through every layer, and a colour: torch's default leaves a tenth of the signal after
        three layers, and without a colour the alpha has no gradient."""
        width, hidden, features = self.queries.width, self.inner.in_features, self.offset.in_features
        for layer, std in (
            (self.content, width**-0.5),
            (self.offset, 1.5 * features**-0.5),
            (self.inner, 1.6 * hidden**-0.5),
            (self.alpha, hidden**-0.5),
            (self.colour, 0.2 * width**-0.5),
            (self.shift, 0.0),
        ):
            nn.init.normal_(layer.weight, std=std)
            nn.init.zeros_(layer.bias)
        nn.init.constant_(self.colour.bias, initial_colour)

    def forward(self, z: Tensor, caption: CaptionEncoding) -> Tensor:
        """Mean images (B, 3, S, S) of latents (B, Z), in [0, 1] except while training, where layers may overlap."""
        queries = self.queries(caption)  # (B, K, W)
        numbers = self.layout.split(z)
        index, tokens = slot_tokens(queries, numbers, self.latent)  # (M, W)
        tokens = self.norm(tokens)
        positions = index.pack(numbers.positions)  # (M, 2)
        factors = None if numbers.factors is None else index.pack(numbers.factors)  # (M,)
        positions = positions + self.shift_scale * self.shift(tokens).float()  # (M, 2)
        images = self.background[:, None, None] + self._composite(tokens, positions, factors, index)  # (B, 3, S, S)
        return images if self.training else images.clamp(0, 1)

    def _composite(self, tokens: Tensor, positions: Tensor, factors: Tensor | None, index: RaggedIndex) -> Tensor:
        """Sum (B, 3, S, S) of the layers of slots (M, W) at positions (M, 2), larger by factors (M,)."""
        canvas = self.canvas.empty(len(index.mask), like=positions)
        for some in self._parts(tokens):
            layers, cells = self._layers(tokens[some], positions[some], None if factors is None else factors[some])
            self.canvas.add(canvas, layers, cells, index, some)
        return self.canvas.images(canvas)

    def _parts(self, tokens: Tensor) -> list[slice]:
        """Slots at a time: all where gradients or a graph are wanted, else as many as the processor's cache holds."""
        if torch.is_grad_enabled() or torch.compiler.is_exporting():
            return [slice(None)]
        count = len(tokens)
        parts = math.ceil(count * len(self.canvas.window) / CELLS_AT_ONCE)
        ends = [count * part // max(parts, 1) for part in range(parts + 1)]
        return [slice(start, end) for start, end in pairwise(ends)]

    def _layers(self, tokens: Tensor, positions: Tensor, factors: Tensor | None) -> tuple[Tensor, Tensor]:
        """What slots add to the background, (M, window, 3 * patch ** 2), in which cells (M, window, 2)."""
        cells = self.canvas.cells(positions)
        offsets = self.canvas.centres(cells) - positions.unsqueeze(1)  # (M, window, 2)
        if factors is not None:
            offsets = offsets / factors[:, None, None]  # an object twice as large looks the same at twice the offset
        layers = self.colour(tokens).float()[:, None, :, None] * self._alpha(tokens, offsets).unsqueeze(2)
        return layers.flatten(2), cells

    def _alpha(self, tokens: Tensor, offsets: Tensor) -> Tensor:
        """Alpha (M, window, patch ** 2) of slots (M, W) in cells at these offsets (M, window, 2)."""
        features = offset_features(offsets, self.frequencies, self.offset_scale).to(tokens.dtype)  # (M, window, F)
        hidden = functional.silu(self.content(tokens).unsqueeze(1) + self.offset(features))  # (M, window, hidden)
        alpha = self.alpha(functional.silu(self.inner(hidden))).float()  # (M, window, patch ** 2)
        distance = offsets.square().sum(dim=-1, keepdim=True)  # (M, window, 1)
        return (self.alpha_scale * alpha - self.alpha_falloff * distance).sigmoid()
