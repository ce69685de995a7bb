"""What a model is given beside images and words: what it need not learn, so that its numbers can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Blueprint = Mapping[str, Any]

WORDS = "Reading: words as numbers, without their meanings or the grammar; reading is learned."
TEXT = {
    "LSTMTextEncoder": [WORDS],
    "TransformerTextEncoder": [WORDS],
    "AttributesTextEncoder": [
        "Reading: the lexicon and the grammar (each word's role and value, and which words form a group); "
        "no part of reading is learned.",
        "Objects: their exact number, and which size, colour and shape belong to which object.",
    ],
    "BottleneckTextEncoder": [
        "Reading: in training, the meaning of every caption as the lexicon and the grammar give it (labels for the "
        "text encoder); afterwards words alone.",
        "Objects: that a caption names one or two groups of up to five equal objects; their number is read.",
    ],
}
"""By class of the text encoder."""
NO_OBJECTS = "Objects: neither their number nor which words belong to which object."
LAYERS = "Images: that they are layers of one colour each over a background, one layer per slot."
DECODERS = {"CompositingDecoder": LAYERS, "TemplateDecoder": LAYERS}
"""By class of the decoder; the others are given nothing."""


def given_information(blueprint: Blueprint) -> list[str]:
    """One sentence per kind of information that a model is given, derived from its parts.

    Args:
        blueprint: of the model, as :func:`cvae_lightning.models.blueprint` makes it.

    >>> given_information({"text_encoder": {"part": "LSTMTextEncoder"}})[0]
    'Reading: words as numbers, without their meanings or the grammar; reading is learned.'
    """
    return [*_reading(_part(blueprint, "text_encoder")), *_latents(blueprint), *_images(_part(blueprint, "decoder"))]


def _part(blueprint: Blueprint, name: str) -> Blueprint:
    """A part's blueprint; empty for a part that is left at its default, which is given nothing."""
    value = blueprint.get(name)
    return value if isinstance(value, Mapping) else {}


def _reading(encoder: Blueprint) -> list[str]:
    name = encoder.get("part", "LSTMTextEncoder")
    if name not in TEXT:
        return [f"Reading: not known, `{name}` is not a text encoder of this package."]
    sentences = TEXT[name]
    return sentences if len(sentences) > 1 else [*sentences, NO_OBJECTS]


def _latents(blueprint: Blueprint) -> Iterator[str]:
    encoder = _part(blueprint, "encoder")
    layout = _part(encoder, "layout")
    slots = int(layout.get("num_slots", 1))
    if slots == 1:
        yield "Latent: one vector; how it stands for objects is learned."
        return
    per_slot = int(layout["latent_dim"]) // slots
    text = f"Latent: {slots} slots of {per_slot} numbers"
    if layout.get("position_scale") is not None:
        named = ["a position on the canvas"]
        named += ["a radius"] if layout.get("radius_scale") is not None else []
        named += ["whether there is an object"] if layout.get("presence_scale") is not None else []
        text += f", among them {' and '.join(named)}" if len(named) > 1 else f", the first two of which are {named[0]}"
        alone = per_slot == 1 + len(named) and layout.get("presence_scale") is None
        text += ", so that colour, shape and size come from the caption alone" if alone else ""
    yield f"{text}."
    if _part(encoder, "queries").get("part") == "ObjectQueries":
        yield "Slots: one per object of the caption, each given what the caption says of its object."
    if encoder.get("part") == "ObjectEncoder":
        yield "Slots: one per connected region of pixels that differ from an image's usual colour; no caption is read."
    if radius := _part(encoder, "assignment").get("inhibition_radius"):
        yield f"Slots: that two objects are at least about {radius:g} of the canvas apart."


def _images(decoder: Blueprint) -> Iterator[str]:
    if sentence := DECODERS.get(decoder.get("part", "")):
        yield sentence
