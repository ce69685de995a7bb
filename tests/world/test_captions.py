"""Captions parse to the meanings that they describe; others are answered with what was expected where."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvae_lightning.world import DEFAULT, CaptionError, Group, Meaning, describe, parse, word_tables


@st.composite
def groups(draw: st.DrawFn) -> Group:
    size = draw(st.sampled_from([None, *DEFAULT.sizes]))
    count = draw(st.integers(1, 5 if size is None else DEFAULT.max_counts[size]))
    return Group(
        count, size, draw(st.sampled_from(list(DEFAULT.colours))), draw(st.sampled_from(tuple(DEFAULT.shapes)))
    )


def kind(group: Group) -> tuple[str, str]:
    return group.colour, group.shape


@st.composite
def meanings(draw: st.DrawFn) -> Meaning:
    chosen = draw(st.lists(groups(), min_size=1, max_size=2, unique_by=kind))
    links = [draw(st.sampled_from([None, *DEFAULT.relations])) for _ in chosen[1:]]
    return Meaning(tuple(chosen), tuple(links))


@given(meanings(), st.one_of(st.none(), st.integers(0, 2**32)))
def test_reading_undoes_describing(meaning, seed):
    caption = describe(meaning, None if seed is None else np.random.default_rng(seed))
    assert parse(caption) == meaning
    assert set(caption.split()) <= set(word_tables(DEFAULT).vocabulary)


@given(meanings(), st.integers(0, 2**32))
def test_capitals_blanks_and_a_full_stop_do_not_matter(meaning, seed):
    caption = describe(meaning, np.random.default_rng(seed))
    assert parse(f"  {caption.upper().replace(' ', '  ')}. ") == meaning
    assert parse(caption.capitalize() + " .") == meaning


def test_every_word_for_every_thing_is_read():
    for count, words in DEFAULT.language.counts.items():
        for word in words:
            for shape in DEFAULT.shapes:
                plural = {"cross": "crosses"}.get(shape, f"{shape}s")
                found = parse(f"{word} red {shape if count == 1 else plural}")
                assert found == Meaning((Group(count, None, "red", shape),))
    for size, words in DEFAULT.language.sizes.items():
        for word in words:
            assert parse(f"a {word} red star").groups[0].size == size
    for link, phrases in DEFAULT.language.links.items():
        for phrase in phrases:
            assert parse(f"a red star {phrase} a blue star").links == (None if link == "joined" else link,)


def test_canonical_captions() -> None:
    for caption, meaning in [
        (
            "a large blue square above 3 small red circles",
            Meaning((Group(1, "large", "blue", "square"), Group(3, "small", "red", "circle")), ("above",)),
        ),
        ("3 small red circles", Meaning((Group(3, "small", "red", "circle"),))),
        ("an orange star", Meaning((Group(1, None, "orange", "star"),))),
        (
            "a medium cyan cross to the left of 2 large black diamonds",
            Meaning((Group(1, "medium", "cyan", "cross"), Group(2, "large", "black", "diamond")), ("left of",)),
        ),
        (
            "an orange star and 2 green triangles",
            Meaning((Group(1, None, "orange", "star"), Group(2, None, "green", "triangle")), (None,)),
        ),
        ("2 small crosses", Meaning((Group(2, "small", None, "cross"),))),
        ("a circle", Meaning((Group(1, None, None, "circle"),))),
    ]:
        assert describe(meaning) == caption
        assert parse(caption) == meaning


def test_the_examples_of_the_specification_are_captions():
    assert parse("an orange star") == Meaning((Group(1, None, "orange", "star"),))
    assert parse("two tiny crosses") == Meaning((Group(2, "small", None, "cross"),))


def test_a_and_an_are_both_read_and_written_right():
    assert parse("a orange star") == parse("an orange star")
    assert parse("an red star") == parse("a red star")
    rng = np.random.default_rng(0)
    for colour in DEFAULT.colours:
        for size in (None, *DEFAULT.sizes):
            words = describe(Meaning((Group(1, size, colour, "star"),)), rng).split()
            vowel = words[1][0] in "aeiou"
            assert words[0] in ({"an", "1", "one"} if vowel else {"a", "1", "one"})


def test_words_are_canonical_four_times_in_five():
    meaning = Meaning((Group(1, "small", "red", "star"), Group(1, "medium", "blue", "star")), ("below",))
    rng = np.random.default_rng(3)
    captions = [describe(meaning, rng).split() for _ in range(10_000)]
    expected = {
        0: {"a": 0.8, "1": 0.1, "one": 0.1},
        1: {"small": 0.8, "tiny": 0.1, "little": 0.1},
        4: {"below": 0.8, "under": 0.1, "beneath": 0.1},
        6: {"medium": 1.0},
    }
    for index, shares in expected.items():
        counts = Counter(words[index] for words in captions)
        assert {word: counts[word] / len(captions) for word in counts} == pytest.approx(shares, abs=0.015)


def test_the_vocabulary_is_sorted_and_has_nothing_more():
    assert list(word_tables(DEFAULT).vocabulary) == sorted(set(word_tables(DEFAULT).vocabulary))
    assert 46 <= len(word_tables(DEFAULT).vocabulary) <= 96
    assert all(word == word.lower() and " " not in word for word in word_tables(DEFAULT).vocabulary)


COLOUR_LIST = "red, orange, yellow, green, cyan, blue, purple or black"


def test_mistakes_are_answered() -> None:
    for caption, message in [
        ("a large blue squre", "word 4 is 'squre', which is outside the language.*'square'"),
        ("a red circel and a bleu star", "word 3 is 'circel'.*'circle'"),
        ("a red circle, and a blue star", "word 3 is 'circle,'.*'circle'"),
        ("pink stars", "word 1 is 'pink'.*the nearest known word is"),
        ("zyx", "word 1 is 'zyx', which is outside the language; the colours are red"),
        ("", "the caption is empty: expected a group of things"),
        (" . ", "the caption is empty"),
        ("99 red circles", "word 1 is '99' where a count from 1 to 5, or 'a', was expected"),
        ("0 red circles", "word 1 is '0' where a count"),
        ("-1 red circle", "word 1 is '-1' where a count"),
        ("red circle", "word 1 is 'red' where a count"),
        ("a red blue circle", "word 3 is 'blue' where a shape .*cross. was expected"),
        ("a above", rf"word 2 is 'above' where a size .* a colour \({COLOUR_LIST}\) or a shape .* was expected"),
        ("a small above", rf"word 3 is 'above' where a colour \({COLOUR_LIST}\) or a shape .* was expected"),
        ("a circle above 2 red circles", "both groups .*'any circle' and 'red circle'"),
        ("a small big red circle", "word 3 is 'big' where a colour"),
        ("a red", "ends after word 2 where a shape"),
        ("a", "ends after word 1 where a size"),
        ("3 small red circle", "word 4 is 'circle' where 'circles' .there are 3. was expected"),
        ("3 small red cross", "where 'crosses' .there are 3. was expected"),
        ("one red squares", "word 3 is 'squares' where 'square' .there is 1. was expected"),
        ("5 large red circles", "word 1 asks for 5 large circles where at most 2 were expected"),
        ("a red star and 4 medium red circles", "word 5 asks for 4 medium circles where at most 3"),
        ("a red circle and", "ends after word 4 where a count"),
        ("a red circle a blue square", "word 4 is 'a' where the end, or 'and', 'with', 'above'"),
        ("a red circle left", "ends after word 4 where 'left of' was expected"),
        ("a red circle to the above a blue star", "word 6 is 'above' where 'to the left of' or 'to"),
        ("a red circle and a blue star and a red star", "word 8 is 'and' where the end of the caption"),
        ("a red star above 2 red stars", "word 5 begins a second group, but both .*'red star'"),
    ]:
        with pytest.raises(CaptionError, match=message) as caught:
            parse(caption)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("caption", "message"),
    [
        ("six red circles", "word 1 is 'six'.*the counts a, 2, 3, 4 and 5; world=many has all of these words"),
        ("seven red stars", "word 1 is 'seven'.*; the counts are a, 2, 3, 4 and 5"),
        ("a red star above seven blue stars", "word 5 is 'seven'.*; the counts are a, 2, 3, 4 and 5"),
        ("2 rote Kreise", "word 2 is 'rote'.*; world=german has all of these words"),
        ("ein großer roter Kreis", "word 1 is 'ein'.*; world=german has all of these words"),
    ],
)
def test_an_unknown_count_or_language_is_answered(caption: str, message: str) -> None:
    with pytest.raises(CaptionError, match=message):
        parse(caption)


@given(st.lists(st.sampled_from([*word_tables(DEFAULT).vocabulary, "99", "sqare"]), max_size=10).map(" ".join))
def test_any_words_are_read_or_refused(caption):
    try:
        meaning = parse(caption)
    except CaptionError:
        return
    assert parse(describe(meaning)) == meaning
