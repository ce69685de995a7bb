"""A caption in the words that a model was trained with."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.inference.noise import Key
from cvae_lightning.world import World, complete_meaning, describe, parse

log = logging.getLogger(__name__)
MOST_NAMED = 5
"""Unknown words that a warning names."""


def in_known_words(caption: str, tokenizer: CaptionTokenizer, key: Key, *, world: World | None) -> str:
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
    if world is None:
        return caption
    meaning = parse(caption, world=world)
    specified = complete_meaning(meaning, np.random.default_rng(list(key)), world=world)
    if specified == meaning and not unknown_words(caption, tokenizer):
        return caption
    canonical = describe(specified, world=world)
    if unknown := unknown_words(canonical, tokenizer):
        near = nearest_hint(unknown[0], tokenizer.words)
        raise UserError(f"{unknown[0]!r} is not in the captions that the model was trained on{near}")
    return canonical


def warn_of_unknown(captions: Sequence[str], tokenizer: CaptionTokenizer) -> None:
    """Warn of words in captions of any text that training never had: to the model they are all one unknown word."""
    unknown = dict.fromkeys(word for caption in captions for word in tokenizer.unknown(caption))
    if unknown and tokenizer.free_text:
        words = ", ".join(f"{word!r}" for word in list(unknown)[:MOST_NAMED])
        near = nearest_hint(next(iter(unknown)), tokenizer.words)
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        log.warning("never seen in training: %s%s%s", words, more, near)


def unknown_words(caption: str, tokenizer: CaptionTokenizer) -> list[str]:
    """Words of a caption that are not in the tokenizer's vocabulary."""
    return tokenizer.unknown(caption)
