"""Captions in German: gender, case, plural and the endings of adjectives."""

import numpy as np
import pytest

from cvae_lightning.world import CaptionError, describe, parse, sample_meaning, word_tables, world_named

GERMAN = world_named("german")

CAPTIONS = {
    "a large blue square above 3 small red circles": "ein großes blaues Quadrat über 3 kleinen roten Kreisen",
    "a small red circle below a large green diamond": "ein kleiner roter Kreis unter einer großen grünen Raute",
    "a medium yellow diamond to the left of a small cyan star": (
        "eine mittelgroße gelbe Raute links von einem kleinen türkisfarbenen Stern"
    ),
    "2 large black crosses to the right of 2 medium purple triangles": (
        "2 große schwarze Kreuze rechts von 2 mittelgroßen violetten Dreiecken"
    ),
    "4 small orange squares and a medium black star": (
        "4 kleine orangefarbene Quadrate und ein mittelgroßer schwarzer Stern"
    ),
    "2 crosses": "2 Kreuze",
    "a star": "ein Stern",
    "a green triangle": "ein grünes Dreieck",
}


@pytest.mark.parametrize(("english", "german"), CAPTIONS.items())
def test_a_caption_is_described_and_read(english, german):
    meaning = parse(english)
    assert describe(meaning, world=GERMAN) == german
    assert parse(german, world=GERMAN) == meaning


@pytest.mark.parametrize(
    ("german", "english"),
    [
        ("ein roter Kreis oberhalb eines kleinen blauen Quadrats", "a red circle above a small blue square"),
        ("ein roter Kreis oberhalb einer kleinen blauen Raute", "a red circle above a small blue diamond"),
        ("eine Raute unterhalb zweier winziger roter Sterne", "a diamond below 2 small red stars"),
        ("2 rote Kreise mit drei riesigen Kreuzen", None),
        ("ein rotes Kreuz mit 2 riesigen blauen Sternen", "a red cross and 2 large blue stars"),
        ("EIN GRÜNES QUADRAT ÜBER 2 KREUZEN.", "a green square above 2 crosses"),
        ("ein gru\u0308ner Stern", "a green star"),
    ],
)
def test_other_words_cases_and_spellings_are_read(german, english):
    if english is None:
        with pytest.raises(CaptionError, match="no group has more large things"):
            parse(german, world=GERMAN)
    else:
        assert parse(german, world=GERMAN) == parse(english)


def test_reading_undoes_describing():
    rng = np.random.default_rng(0)
    known = set(word_tables(GERMAN).vocabulary)
    for _ in range(2000):
        meaning = sample_meaning(rng, world=GERMAN)
        caption = describe(meaning, rng, world=GERMAN)
        assert parse(caption, world=GERMAN) == meaning
        assert set(caption.lower().split()) <= known


def test_every_form_agrees():
    """The article, the adjectives and the noun of one group share gender, case and number: the tables of a grammar."""
    articles = {"über": ("einem", "einer", "einem"), "oberhalb": ("eines", "einer", "eines")}
    nouns = {"circle": "Kreis", "diamond": "Raute", "square": "Quadrat"}
    genitives = {"circle": "Kreises", "diamond": "Raute", "square": "Quadrats"}
    for phrase, row in articles.items():
        for article, (shape, noun) in zip(row, nouns.items(), strict=True):
            form = genitives[shape] if phrase == "oberhalb" else noun
            caption = f"2 Sterne {phrase} {article} großen roten {form}"
            assert parse(caption, world=GERMAN) == parse(f"2 stars above a large red {shape}")
            rng = np.random.default_rng(0)
            captions = {describe(parse(caption, world=GERMAN), rng, world=GERMAN) for _ in range(300)}
            assert caption in captions


def test_errors_name_german_words():
    with pytest.raises(CaptionError, match=r"word 2 is 'rott'.*'rote'"):
        parse("ein rott Kreis", world=GERMAN)
    with pytest.raises(CaptionError, match=r"'kreis' where 'Kreise' \(there are 2\) was expected"):
        parse("2 rote Kreis", world=GERMAN)
    with pytest.raises(CaptionError, match="such as 'ein großes blaues Quadrat' or '3 rote Kreise'"):
        parse("", world=GERMAN)
