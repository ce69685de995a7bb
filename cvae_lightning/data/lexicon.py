"""What each word of a tokenizer means in the shape world's language, in the numbers of the models' lexicon."""

from __future__ import annotations

from collections.abc import Sequence

from cvae_lightning.models.text.lexicon import COLOUR, COUNT, LINK, NO_ROLE, SHAPE, SIZE
from cvae_lightning.world.captions import COUNT_WORDS, LINK_WORDS, PLURALS, SIZE_WORDS
from cvae_lightning.world.scene import COLOURS, SHAPES


def lexicon(words: Sequence[str]) -> list[list[int]]:
    """The rows that :class:`~cvae_lightning.models.text.lexicon.Lexicon` takes.

    Args:
        words: a tokenizer's vocabulary, special tokens included.

    Returns:
        [role, value] of each word: values count from 1 in the world's order; [0, 0] for a word without a
        meaning. A linking phrase is recognised by one of its words: "left" of "to the left of".

    >>> lexicon(["<PAD>", "tiny", "red", "of"])
    [[0, 0], [2, 1], [3, 1], [0, 0]]
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
    return [meanings.get(word, [NO_ROLE, 0]) for word in words]
