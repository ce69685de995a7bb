"""Live help: every word that is offered continues the caption, and every caption can be typed by offers alone."""

from __future__ import annotations

import pytest

from cvae_lightning import CaptionTokenizer
from cvae_lightning.web.caption_help import State, help_for, next_words, one_word_changes
from cvae_lightning.world import DEFAULT, World, captioned_scene, parse, world_named

TOKENIZER = CaptionTokenizer(free_text=True).fit(["Rex, my dog", "my red house"])


@pytest.fixture(params=["default", "german"])
def world(request: pytest.FixtureRequest) -> World:
    return world_named(request.param)


def test_a_caption_is_never_wrong_on_the_way_to_its_end(world: World) -> None:
    for index in range(5):
        caption = captioned_scene(0, "train", index, world=world).caption.lower()
        words = caption.split()
        for length in range(len(words)):
            assert words[length] in next_words(words[:length], world)
            assert help_for(" ".join([*words[:length], ""]), TOKENIZER, world).state is not State.WRONG
        assert help_for(caption, TOKENIZER, world).state is State.COMPLETE


def test_every_offer_continues_the_text(world: World) -> None:
    texts = ["", *(captioned_scene(0, "train", index, world=world).caption for index in range(2))]
    for text in texts + [text[:-3] for text in texts[1:]]:
        for offer in help_for(text, TOKENIZER, world).offers:
            assert help_for(f"{offer.caption} ", TOKENIZER, world).state is not State.WRONG, (text, offer)


@pytest.mark.parametrize("typo", ["a red sqare", "a rd square", "a red sqare above 2 blue stars", "a rad square"])
def test_a_typo_is_answered_with_the_nearest_word(typo: str) -> None:
    shown = help_for(f"{typo} ", TOKENIZER, DEFAULT)
    assert shown.state is State.WRONG
    assert "outside the language" in shown.message
    assert typo.replace("sqare", "square").replace("rd", "red").replace("rad", "red") in [
        offer.caption for offer in shown.offers
    ]


def test_the_usual_words_come_first() -> None:
    assert [offer.word for offer in help_for("", TOKENIZER, DEFAULT).offers][:3] == ["a", "2", "3"]
    assert next_words(["a"], DEFAULT)[:3] == ["small", "medium", "large"]


def test_a_text_that_no_word_can_continue_says_why() -> None:
    shown = help_for("5 large red ", TOKENIZER, DEFAULT)
    assert shown.state is State.WRONG
    assert help_for("a red circles", TOKENIZER, DEFAULT).state is State.WRONG


def test_a_text_is_kept_up_to_the_word_that_cannot_stand_there() -> None:
    shown = help_for("a red circle a blue square a star ", TOKENIZER, DEFAULT)
    assert shown.message.startswith("word 4 is 'a'")
    assert [offer.caption for offer in shown.offers][:2] == ["a red circle", "a red circle and"]
    assert all(help_for(f"{offer.caption} ", TOKENIZER, DEFAULT).state is not State.WRONG for offer in shown.offers)


def test_changes_of_one_word_change_one_word_and_the_meaning() -> None:
    caption = "a large blue square above 3 small red circles"
    changes = one_word_changes(caption, DEFAULT)
    assert len(changes) == 8
    for change in changes:
        pairs = zip(caption.split(), change.caption.split(), strict=True)
        assert [f"{old} → {new}" for old, new in pairs if old != new] == [change.word]
        assert parse(change.caption) != parse(caption)
    assert one_word_changes("a red sqare", DEFAULT) == one_word_changes(caption, None) == ()


def test_captions_of_any_text_are_helped_by_the_vocabulary() -> None:
    assert help_for("my ho", TOKENIZER, None).offers[0].caption == "my house"
    assert help_for("my red dog", TOKENIZER, None).state is State.COMPLETE
    unknown = help_for("my hause ", TOKENIZER, None)
    assert unknown.state is State.WRONG
    assert unknown.offers[0].caption == "my house "
    assert help_for("", CaptionTokenizer(free_text=True), None).offers == ()
