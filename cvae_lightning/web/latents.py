"""One sample's latents, moved one at a time: the position of a slot, or a single number."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from cvae_lightning.data.images import to_pictures
from cvae_lightning.errors import UserError
from cvae_lightning.inference.painter import Painter
from cvae_lightning.inference.pictures import Pictures
from cvae_lightning.models import CaptionEncoding, LatentLayout, SlotQueries
from cvae_lightning.web.actions import LARGEST_SEED, check_captions, within
from cvae_lightning.web.figures import Figure, figures_of, things_in

MOST_LATENTS = 8
"""Single latents that are offered, those with the highest rate."""
FARTHEST = 4.0
"""How far a single latent can be moved from 0, in its own unit."""


@dataclass(frozen=True, slots=True)
class Handle:
    """What can be moved: the position of a slot, or a single latent.

    Attributes:
        name: for the page.
        indices: of the latents that it moves: two for a position, one otherwise.
        scale: of a position, as the latent stores it (:class:`cvae_lightning.models.LatentLayout`); None otherwise.
    """

    name: str
    indices: tuple[int, ...]
    scale: float | None = None

    @property
    def is_position(self) -> bool:
        return self.scale is not None

    def read(self, values: tuple[float, ...]) -> list[float]:
        """The numbers on the sliders: x and y in [0, 1] of a position, or the latent itself."""
        numbers = [values[index] for index in self.indices]
        return numbers if self.scale is None else [0.5 + number / self.scale for number in numbers]

    def stored(self, numbers: list[float]) -> list[float]:
        """The inverse of :meth:`read`, of these numbers alone."""
        return numbers if self.scale is None else [self.scale * (number - 0.5) for number in numbers]


@dataclass(frozen=True, slots=True)
class Latents:
    """The latents of one sample, and what of them can be moved.

    Attributes:
        caption: as it was asked for.
        model_caption: in words of the training captions.
        values: (Z,) numbers.
        handles: what can be moved.
    """

    caption: str
    model_caption: str
    values: tuple[float, ...]
    handles: tuple[Handle, ...]


@torch.inference_mode()
def first_latents(painter: Painter, caption: str, *, seed: int = 0) -> Latents:
    """The latents of a caption's sample 0.

    Raises:
        CaptionError, UserError: as for a painter's call.

    Example:
        >>> from cvae_lightning import load
        >>> [handle.name for handle in first_latents(load(), "a large red star").handles]
        ['slot 1: large red star']
    """
    check_captions(caption)
    seed = within("seed", seed, 0, LARGEST_SEED)
    model_caption = painter.words(caption, seed)
    encoded = encoding(painter, model_caption)
    z = painter.model.prior.sample(encoded, painter.noise(1, seed).to(encoded.pooled.device))  # (1, Z)
    handles = [*_slots(painter, encoded, z), *_single(painter, encoded, z)]
    return Latents(caption, model_caption, tuple(z[0].tolist()), tuple(handles))


def moved(latents: Latents, handle: int, numbers: list[float]) -> Latents:
    """The latents with one handle at other numbers, as :meth:`Handle.read` gives them.

    Raises:
        UserError: there is no such handle, or a number is not finite or out of reach.
    """
    if not 0 <= handle < len(latents.handles):
        raise UserError("choose what to move")
    chosen, values = latents.handles[handle], list(latents.values)
    numbers = numbers[: len(chosen.indices)]
    lowest, highest = (0.0, 1.0) if chosen.is_position else (-FARTHEST, FARTHEST)
    if not all(isinstance(one, int | float) and math.isfinite(one) and lowest <= one <= highest for one in numbers):
        raise UserError(f"{chosen.name}: expected numbers of {lowest:g} to {highest:g}")
    for index, value in zip(chosen.indices, chosen.stored(numbers), strict=True):
        values[index] = value
    return replace(latents, values=tuple(values))


@torch.inference_mode()
def decoded(painter: Painter, latents: Latents) -> Figure:
    """The picture of latents, judged by their caption."""
    encoded = encoding(painter, latents.model_caption)
    z = torch.tensor([latents.values], device=encoded.pooled.device)
    (image,) = to_pictures(painter.model.decoder(z, encoded))
    verdicts = tuple(painter.judge([image], [latents.caption])) if painter.world else (None,)
    (figure,) = figures_of(Pictures((image,), (latents.caption,), verdicts), painter.world)
    return figure


def encoding(painter: Painter, model_caption: str) -> CaptionEncoding:
    """A caption's encoding, a batch of one."""
    device = next(painter.model.parameters()).device
    encoded: CaptionEncoding = painter.model.text_encoder(painter.tokenizer.encode_batch([model_caption]).to(device))
    return encoded


def layout_of(painter: Painter) -> LatentLayout | None:
    """How the decoder reads latents, where its slots have a position."""
    layout: Any = getattr(painter.model.decoder, "layout", None)
    return layout if isinstance(layout, LatentLayout) and layout.position_scale is not None else None


def slots_in_use(painter: Painter, caption: CaptionEncoding, layout: LatentLayout) -> list[int]:
    """Which slots the caption uses."""
    queries: Any = getattr(painter.model.decoder, "queries", None)
    if not isinstance(queries, SlotQueries):
        return list(range(layout.num_slots))
    return [slot for slot, used in enumerate(queries(caption).mask[0].tolist()) if used]


def objects_of_slots(painter: Painter, caption: CaptionEncoding, layout: LatentLayout, z: Tensor) -> dict[int, str]:
    """The words of the object that is detected nearest to each slot in use; empty where nothing is detected.

    Args:
        painter: the model.
        caption: a batch of one.
        layout: of its latents.
        z: (1, Z) latents.
    """
    numbers = layout.split(z)
    positions, present = numbers.positions, numbers.present  # (1, K, 2), (1, K) or None
    (image,) = to_pictures(painter.model.decoder(z, caption))
    things = things_in(image, painter.world)
    words = {}
    for slot in slots_in_use(painter, caption, layout):
        if present is not None and not present[0, slot]:
            continue
        x, y = positions[0, slot].tolist()
        near = min(things, key=lambda thing: math.hypot(thing.x - x, thing.y - y), default=None)
        words[slot] = "" if near is None else f"{near.size} {near.colour} {near.shape}"
    return words


def _slots(painter: Painter, caption: CaptionEncoding, z: Tensor) -> list[Handle]:
    """A handle for each slot in use, named by its object."""
    layout = layout_of(painter)
    if layout is None:
        return []
    return [
        Handle(
            f"slot {slot + 1}{words and f': {words}'}",
            (slot * layout.slot_dim, slot * layout.slot_dim + 1),
            layout.position_scale,
        )
        for slot, words in objects_of_slots(painter, caption, layout, z).items()
    ]


def _single(painter: Painter, caption: CaptionEncoding, z: Tensor) -> list[Handle]:
    """A handle for each of the latents with the highest rate that are not of a position."""
    model, layout = painter.model, layout_of(painter)
    posterior = model.encoder(model.decoder(z, caption), caption).posterior
    rate = model.prior.rate(posterior, caption)[0]  # (Z,)
    by_rate = rate.argsort(descending=True, stable=True).tolist()
    free = [index for index in by_rate if layout is None or index % layout.slot_dim >= 2]
    return [Handle(f"latent {index}: {float(rate[index]):.1f} nats", (index,)) for index in free[:MOST_LATENTS]]
