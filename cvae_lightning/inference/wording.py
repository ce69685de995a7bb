"""A caption in the words that a model was trained with."""

from __future__ import annotations

import numpy as np

from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.inference.noise import Key
from cvae_lightning.world import World, complete_meaning, describe, parse


def in_known_words(caption: str, tokenizer: CaptionTokenizer, key: Key, *, world: World) -> str:
    """The caption with nothing left open, in words of the tokenizer.

    Args:
        caption: what is asked for.
        tokenizer: the model's.
        key: seeds the draw of a size or colour that the caption leaves open.
        world: the model's.

    Raises:
        CaptionError: the caption has an unknown word or no meaning.
        UserError: the tokenizer has no word for something that the caption says.
    """
    meaning = parse(caption, world=world)
    specified = complete_meaning(meaning, np.random.default_rng(list(key)), world=world)
    if specified == meaning and not unknown_words(caption, tokenizer):
        return caption
    canonical = describe(specified, world=world)
    if unknown := unknown_words(canonical, tokenizer):
        near = nearest_hint(unknown[0], tokenizer.words)
        raise UserError(f"{unknown[0]!r} is not in the captions that the model was trained on{near}")
    return canonical


def unknown_words(caption: str, tokenizer: CaptionTokenizer) -> list[str]:
    """Words of a caption that are not in the tokenizer's vocabulary."""
    return [word for word in tokenizer.split(caption) if word not in tokenizer.words]
