"""A picture of the user's: decoded within bounds, cut to a square, encoded and decoded by the model."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

import torch
from PIL import Image

from cvae_lightning.data.images import to_pixels
from cvae_lightning.errors import UserError
from cvae_lightning.inference.painter import Painter
from cvae_lightning.inference.pictures import Pictures
from cvae_lightning.runs.images import decode_image
from cvae_lightning.web.actions import check_captions
from cvae_lightning.web.figures import Figure, figures_of
from cvae_lightning.web.latents import encoding, layout_of, objects_of_slots, slots_in_use

LARGEST_UPLOAD = 4_000_000
"""Bytes of a picture."""
MOST_PIXELS = 16_000_000
"""Of a picture; decoded, each takes three bytes or more."""
SMALLEST_SIDE, LARGEST_SIDE = 32, 512
"""Pixels a side that the judge takes; a larger picture is made smaller."""
ADDRESS = re.compile(r"data:image/[\w.+-]+;base64,")


@dataclass(frozen=True, slots=True)
class Rate:
    """The rate of one latent: how many nats of a picture it keeps.

    Attributes:
        name: of the latent.
        nats: its rate.
        of: the object that its slot is decoded to, at the slot's first latent; empty elsewhere.
    """

    name: str
    nats: float
    of: str = ""


@dataclass(frozen=True, slots=True)
class Reconstructed:
    """A picture as the model encodes it.

    Attributes:
        figures: the picture itself and its reconstruction.
        rates: of each latent that the caption uses, in the latents' order.
    """

    figures: list[Figure]
    rates: list[Rate]


def picture_of(address: str) -> Image.Image:
    """The picture of a data address, as a browser gives it: RGB, upright, the middle square of it.

    Raises:
        UserError: it is not one, is too large, or cannot be read.
    """
    if not isinstance(address, str) or not (start := ADDRESS.match(address[:80])):
        raise UserError("choose a picture first: a PNG, JPEG, WebP or BMP file")
    if len(address) > LARGEST_UPLOAD * 4 / 3 + 100:
        raise UserError(f"your picture has too many bytes: expected at most {LARGEST_UPLOAD // 1_000_000} MB")
    try:
        content = base64.b64decode(address[start.end() :], validate=True)
    except binascii.Error as error:
        raise UserError("your picture cannot be read as an image: its bytes are damaged") from error
    return middle_square(decode_image(content, "your picture", MOST_PIXELS))


def middle_square(image: Image.Image) -> Image.Image:
    """The largest square in a picture's middle, with at most ``LARGEST_SIDE`` pixels a side.

    Raises:
        UserError: it has fewer than ``SMALLEST_SIDE``.
    """
    side = min(image.size)
    if side < SMALLEST_SIDE:
        raise UserError(
            f"your picture is {image.width} x {image.height} px: expected at least {SMALLEST_SIDE} px a side"
        )
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    return square if side <= LARGEST_SIDE else square.resize((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.BOX)


@torch.inference_mode()
def reconstructed(painter: Painter, image: Image.Image, caption: str) -> Reconstructed:
    """A square picture through encoder and decoder, both judged by the caption, and the rate of each latent.

    Raises:
        CaptionError, UserError: as for a painter's call.
    """
    check_captions(caption)
    again = painter.reconstruct([image], [caption])
    verdict = painter.judge([image], [caption])[0] if painter.world else None
    both = Pictures((image, again[0]), (caption, caption), (verdict, again.verdicts[0]))
    figures = figures_of(both, painter.world, ["your picture", "its reconstruction"])
    return Reconstructed(figures, rates_of(painter, image, painter.words(caption)))


@torch.inference_mode()
def rates_of(painter: Painter, image: Image.Image, model_caption: str) -> list[Rate]:
    """The rate of each latent, without those of slots that the caption does not use."""
    encoded, model = encoding(painter, model_caption), painter.model
    pixels = to_pixels(image, model.image_size)[None].to(encoded.pooled.device)
    posterior = model.encoder(pixels, encoded).posterior
    nats = model.prior.rate(posterior, encoded)[0].tolist()  # (Z,)
    layout = layout_of(painter)
    if layout is None:
        return [Rate(f"latent {index}", value) for index, value in enumerate(nats)]
    named = ["x", "y", *(name for name in ("radius", "presence") if getattr(layout, f"{name}_scale") is not None)]
    names = [*named, *(str(place) for place in range(len(named), layout.slot_dim))]
    words = objects_of_slots(painter, encoded, layout, posterior.mean)
    return [
        Rate(f"slot {slot + 1} {name}", nats[slot * layout.slot_dim + place], words.get(slot, "") if not place else "")
        for slot in slots_in_use(painter, encoded, layout)
        for place, name in enumerate(names)
    ]
