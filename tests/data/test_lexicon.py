"""The lexicon covers the language, in the numbers that the text encoder of attributes counts by."""

from cvae_lightning.data import CaptionTokenizer, lexicon
from cvae_lightning.models.text.lexicon import (
    COLOUR,
    COUNT,
    LINK,
    NO_ROLE,
    NUM_VALUES,
    OBJECTS_PER_GROUP,
    SHAPE,
    SIZE,
)
from cvae_lightning.world import DEFAULT, word_tables


def test_the_world_fits_in_the_room_that_models_have_for_it() -> None:
    assert max(DEFAULT.language.counts) == OBJECTS_PER_GROUP
    assert (
        max(
            map(
                len,
                (
                    DEFAULT.language.counts,
                    DEFAULT.language.sizes,
                    DEFAULT.colours,
                    tuple(DEFAULT.shapes),
                    DEFAULT.language.links,
                ),
            )
        )
        < NUM_VALUES
    )


def test_every_word_of_the_language_but_three_has_a_meaning() -> None:
    roles = {
        word: role
        for word, (role, _) in zip(
            word_tables(DEFAULT).vocabulary, lexicon(word_tables(DEFAULT).vocabulary), strict=True
        )
    }
    assert {word for word, role in roles.items() if role == NO_ROLE} == {"to", "the", "of"}


def test_special_tokens_and_unknown_words_have_no_meaning() -> None:
    words = CaptionTokenizer().fit(["a pink star"]).vocabulary
    assert words[:4] == ("<PAD>", "<UNK>", "<SOS>", "<EOS>")
    assert lexicon(words) == [[NO_ROLE, 0]] * 4 + [
        [COUNT, 1],
        [NO_ROLE, 0],
        [SHAPE, list(DEFAULT.shapes).index("star") + 1],
    ]


def test_synonyms_share_a_code() -> None:
    codes = [
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
    ]
    for words, code in codes:
        assert lexicon(words.split()) == [code] * len(words.split()), words
