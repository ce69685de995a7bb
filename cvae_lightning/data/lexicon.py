"""What each word of a tokenizer stands for in the shape world's language."""

from __future__ import annotations

from collections.abc import Sequence

from cvae_lightning.world.captions import COUNT_WORDS, LINK_WORDS, PLURALS, SIZE_WORDS
from cvae_lightning.world.scene import COLOURS, SHAPES

NOTHING, COUNT, SIZE, COLOUR, SHAPE, LINK = range(6)
"""Roles, as :class:`cvae_lightning.models.AttributesTextEncoder` counts them."""


def lexicon(words: Sequence[str]) -> list[list[int]]:
    """[role, value] of each word: values count from 1 in the world's order, [0, 0] for a word that stands for nothing.

    Of a linking phrase one word tells which it is: "left" of "to the left of".
    """
    meanings = {"an": [COUNT, 1]}
    for count, choices in COUNT_WORDS.items():
        meanings |= {word: [COUNT, count] for word in choices}
    for value, choices in enumerate(SIZE_WORDS.values(), start=1):
        meanings |= {word: [SIZE, value] for word in choices}
    for value, colour in enumerate(COLOURS, start=1):
        meanings[colour] = [COLOUR, value]
    for value, shape in enumerate(SHAPES, start=1):
        meanings |= {shape: [SHAPE, value], PLURALS[shape]: [SHAPE, value]}
    for value, phrases in enumerate(LINK_WORDS.values(), start=1):
        meanings |= {phrase.removeprefix("to the ").removesuffix(" of"): [LINK, value] for phrase in phrases}
    return [meanings.get(word, [NOTHING, 0]) for word in words]
