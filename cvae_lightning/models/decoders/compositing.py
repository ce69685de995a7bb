"""A decoder of layers: each slot paints a thing of one colour around its place, and the layers add up.

Spatial broadcast decoders (Watters et al. 2019; Locatello et al. 2020, section 3) paint a whole canvas for each slot as
a function of coordinates; here coordinates are relative to the slot's place (slot-centric reference frames, Biza et
al. 2023) and a slot paints no further than things reach. A layer is a colour times a coverage in [0, 1] (Porter &
Duff 1984), so how a shape looks is learned once, for all colours and places.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvae_lightning.models.decoders.conv import Decoder
from cvae_lightning.models.decoders.slots import SPREAD, WAVES, check_place, waves
from cvae_lightning.models.nn.attention import Places
from cvae_lightning.models.nn.slot_queries import CaptionSlots, slot_size
from cvae_lightning.models.serialization import part
from cvae_lightning.models.text.lstm import Caption

CONTRAST = 2.0
"""Factor of the coverage's network before the sigmoid."""
FALL = 200.0
"""A new decoder paints soft blobs: coverage sigmoid(-FALL distance ** 2), which shows a place from nearby."""
FAINT = -0.2
"""Their colour, added to the paper's: dark blobs in wrong places would first teach the decoder to paint nothing."""


@part
class CompositingDecoder(Decoder):
    """The mean image of p(image | z, caption): paper, and what each slot's layer adds to it.

    How a thing looks is a function of what the caption says of it, and of what its slot holds besides a place: the
    first two numbers move it and do nothing else, and alike things look alike.

    Args:
        image_size: side S of the images.
        latent_dim: Z.
        caption_dim: C.
        patch: side of the pixel squares that are painted at once.
        conditioning: ``cross_attention`` or ``things`` (:mod:`cvae_lightning.models.nn.slot_queries`).
        slots: tokens that the latent is read as.
        slot_width: size of such a token.
        hidden: width of the coverage's network.
        reach: how far from its place a slot paints at least, as a share of S.

    Raises:
        ValueError: sizes that do not fit, or a slot of fewer than the two numbers of a place.
    """

    window: Tensor

    def __init__(
        self,
        image_size: int = 64,
        latent_dim: int = 40,
        caption_dim: int = 128,
        patch: int = 4,
        conditioning: str = "things",
        slots: int = 10,
        slot_width: int = 128,
        hidden: int = 128,
        reach: float = 0.25,
    ) -> None:
        super().__init__()
        if patch < 1 or image_size % patch:
            raise ValueError(f"image_size {image_size} does not divide into patches of {patch} pixels")
        if not 0 < reach <= 1:
            raise ValueError(f"decoder.reach is {reach}: expected a share of the image's side above 0, up to 1")
        check_place(latent_dim, slots)
        self.image_size, self.latent_dim, self.caption_dim, self.patch = image_size, latent_dim, caption_dim, patch
        self.things = slots if conditioning == "things" else None
        self.side, self.margin = image_size // patch, math.ceil(reach * image_size / patch)
        self.read = CaptionSlots(slots, slot_width, caption_dim, conditioning)
        size = slot_size(latent_dim, slots)
        self.latent = _looks(size - 2, slot_width)
        self.norm = nn.LayerNorm(slot_width)
        self.shift, self.colour = nn.Linear(slot_width, 2), nn.Linear(slot_width, 3)
        self.brush, self.distance = nn.Linear(slot_width, hidden), nn.Linear(WAVES, hidden)
        self.inner, self.coverage = nn.Linear(hidden, hidden), nn.Linear(hidden, patch**2)
        self.paper = nn.Parameter(torch.ones(3))
        steps = torch.arange(-self.margin, self.margin + 1)
        y, x = torch.meshgrid(steps, steps, indexing="ij")
        self.register_buffer("window", torch.stack([x, y], dim=-1).reshape(-1, 2), persistent=False)
        self._start(slot_width, hidden)

    def _start(self, slot_width: int, hidden: int) -> None:
        """Signals of size one through every layer, and a colour: torch's usual start is a tenth of it after three
        layers, and without a colour the coverage has no gradient."""
        for layer, std in (
            (self.brush, slot_width**-0.5),
            (self.distance, 1.5 * WAVES**-0.5),
            (self.inner, 1.6 * hidden**-0.5),
            (self.coverage, hidden**-0.5),
            (self.colour, 0.2 * slot_width**-0.5),
            (self.shift, 0.0),
        ):
            nn.init.normal_(layer.weight, std=std)
            nn.init.zeros_(layer.bias)
        nn.init.constant_(self.colour.bias, FAINT)

    def forward(self, z: Tensor, caption: Caption) -> Tensor:
        """Mean images (B, 3, S, S) of latents (B, Z), in [0, 1] except while training, where layers may overlap."""
        slots = self.read(caption)
        z = z.reshape(*slots.tokens.shape[:2], -1)
        there = Places.of(slots.exist)
        tokens = there.pack(slots.tokens)
        if self.latent is not None:
            tokens = tokens + self.latent(there.pack(z)[:, 2:])
        tokens = self.norm(tokens)
        places = 0.5 + there.pack(z)[:, :2].float() / SPREAD + 0.1 * self.shift(tokens).float()
        cells = (places.detach() * self.side).floor().long().clamp(0, self.side - 1).unsqueeze(1) + self.window
        cover = self._cover(tokens, (cells + 0.5) / self.side - places.unsqueeze(1))
        layers = self.colour(tokens).float()[:, None, :, None] * cover.unsqueeze(2)
        images = self.paper[:, None, None] + self._lay(layers.flatten(2), cells, there.row, len(z))
        return images if self.training else images.clamp(0, 1)

    def _cover(self, tokens: Tensor, away: Tensor) -> Tensor:
        """Coverage (M, window, patch ** 2) of pixels by slots (M, W) in cells at these distances (M, window, 2)."""
        hidden = functional.silu(self.brush(tokens).unsqueeze(1) + self.distance(waves(away).to(tokens.dtype)))
        cover = self.coverage(functional.silu(self.inner(hidden))).float()
        return (CONTRAST * cover - FALL * away.square().sum(dim=-1, keepdim=True)).sigmoid()

    def _lay(self, layers: Tensor, cells: Tensor, row: Tensor, batch: int) -> Tensor:
        """Sum (batch, 3, S, S) of layers (M, window, 3 * patch ** 2) at cells (M, window, 2) of images ``row``."""
        whole = self.side + 2 * self.margin
        index = (row[:, None] * whole + cells[..., 1] + self.margin) * whole + cells[..., 0] + self.margin
        canvas = layers.new_zeros(batch * whole**2, layers.shape[-1])
        canvas = canvas.index_add(0, index.flatten(), layers.flatten(0, 1)).reshape(batch, whole, whole, -1)
        inner = slice(self.margin, self.margin + self.side)
        return functional.pixel_shuffle(canvas[:, inner, inner].permute(0, 3, 1, 2), self.patch)


def _looks(size: int, width: int) -> nn.Module | None:
    """Numbers of a slot besides its place to what they change in its looks; None where there are none."""
    return nn.Sequential(nn.Linear(size, width), nn.SiLU(), nn.Linear(width, width)) if size else None
