"""What a model is given is derived from its parts, and every part of the package says it."""

import pytest
from hydra import compose, initialize_config_dir
from support import ROOT

from cvae_lightning.data import CaptionTokenizer
from cvae_lightning.evaluation.given_information import TEXT, given_information
from cvae_lightning.models import ConditionalVAE, TextEncoder, blueprint
from cvae_lightning.models.serialization import PARTS
from cvae_lightning.training.module_factory import build_module
from cvae_lightning.world import DEFAULT, word_tables


def given(*overrides: str) -> str:
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config = compose("train", list(overrides))
    words = CaptionTokenizer(words=sorted(word_tables(DEFAULT).vocabulary)).vocabulary
    return "\n".join(given_information(blueprint(build_module(config, words, channels_last=False).model)))


def test_every_text_encoder_of_the_package_is_described() -> None:
    ours = {
        name
        for name, part in PARTS.items()
        if issubclass(part, TextEncoder) and part.__module__.startswith("cvae_lightning.")
    }
    assert ours == set(TEXT)


def test_the_flagship_is_given_the_grammar_and_the_objects() -> None:
    text = given("experiment=flagship")
    assert "no part of reading is learned" in text
    assert "their exact number" in text
    assert "10 slots of 2 numbers" in text
    assert "one per object of the caption" in text
    assert "at least about 0.08 of the canvas apart" in text
    assert "layers of one colour" in text


def test_flagship_text_learns_to_read_from_labels() -> None:
    text = given("experiment=flagship_text")
    assert "labels for the text encoder" in text
    assert "no part of reading is learned" not in text


def test_learned_queries_are_not_given_the_objects() -> None:
    text = given("experiment=flagship", "slot_queries=learned")
    assert "10 slots of 2 numbers" in text
    assert "one per object" not in text


def test_the_default_model_is_given_words() -> None:
    text = "\n".join(given_information(blueprint(ConditionalVAE(20, image_size=32, base_channels=8, stages=3))))
    assert "without their meanings or the grammar" in text
    assert "neither their number" in text
    assert "one vector" in text
    assert "slot" not in text


def test_another_packages_reader_is_not_guessed() -> None:
    (reading, *_) = given_information({"part": "ConditionalVAE", "text_encoder": {"part": "Oracle"}})
    assert reading == "Reading: not known, `Oracle` is not a text encoder of this package."


@pytest.mark.parametrize("name", TEXT)
def test_each_description_speaks_of_reading_and_of_objects(name: str) -> None:
    sentences = given_information({"text_encoder": {"part": name}})
    assert [sentence.split(":")[0] for sentence in sentences] == ["Reading", "Objects", "Latent"]
