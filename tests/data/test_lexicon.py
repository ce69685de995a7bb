"""The lexicon covers the language, in the numbers that the text encoder of attributes counts by."""

import pytest

from cvae_lightning.data import CaptionTokenizer, lexicon
from cvae_lightning.data.lexicon import COLOUR, COUNT, LINK, NOTHING, SHAPE, SIZE
from cvae_lightning.models.text import lexicon as reading
from cvae_lightning.world import VOCABULARY
from cvae_lightning.world.captions import COUNT_WORDS, LINK_WORDS, SIZE_WORDS
from cvae_lightning.world.scene import COLOURS, SHAPES


def test_roles_are_those_that_models_read() -> None:
    for name in ("NOTHING", "COUNT", "SIZE", "COLOUR", "SHAPE", "LINK"):
        assert globals()[name] == getattr(reading, name)
    assert max(COUNT_WORDS) == reading.MOST_THINGS
    assert max(map(len, (COUNT_WORDS, SIZE_WORDS, COLOURS, SHAPES, LINK_WORDS))) < reading.MOST_VALUES


def test_every_word_of_the_language_stands_for_something_but_three() -> None:
    roles = {word: role for word, (role, _) in zip(VOCABULARY, lexicon(VOCABULARY), strict=True)}
    assert {word for word, role in roles.items() if role == NOTHING} == {"to", "the", "of"}


def test_special_tokens_and_strange_words_stand_for_nothing() -> None:
    words = CaptionTokenizer().fit(["a pink star"]).vocabulary
    assert words[:4] == ("<PAD>", "<UNK>", "<SOS>", "<EOS>")
    assert lexicon(words) == [[NOTHING, 0]] * 4 + [[COUNT, 1], [NOTHING, 0], [SHAPE, list(SHAPES).index("star") + 1]]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("a an 1 one", [COUNT, 1]),
        ("5 five", [COUNT, 5]),
        ("small tiny little", [SIZE, 1]),
        ("large big huge", [SIZE, 3]),
        ("red", [COLOUR, 1]),
        ("black", [COLOUR, 8]),
        ("circle circles", [SHAPE, 1]),
        ("cross crosses", [SHAPE, 6]),
        ("and with", [LINK, 1]),
        ("above over", [LINK, 2]),
        ("below under beneath", [LINK, 3]),
        ("left", [LINK, 4]),
        ("right", [LINK, 5]),
    ],
)
def test_synonyms_share_a_code(words: str, code: list[int]) -> None:
    assert lexicon(words.split()) == [code] * len(words.split())
