"""The guide's vocabulary, round trips, and files that are not vocabularies."""

import json
from pathlib import Path

import pytest
import torch

from cvae_lightning import CaptionTokenizer
from cvae_lightning.data.words import free_words
from cvae_lightning.world import DEFAULT, word_tables

CAPTIONS = ["a large blue square above 3 small red circles", "an orange star", "Two  tiny crosses."]


@pytest.fixture
def tokenizer() -> CaptionTokenizer:
    return CaptionTokenizer().fit(CAPTIONS)


def test_special_tokens_first_then_alphabetical(tokenizer: CaptionTokenizer) -> None:
    assert tokenizer.vocabulary[:4] == ("<PAD>", "<UNK>", "<SOS>", "<EOS>")
    assert list(tokenizer.words) == sorted(tokenizer.words)
    assert tokenizer.vocabulary[4:7] == ("3", "a", "above")
    assert tokenizer.get_vocab_size() == len(tokenizer) == 4 + 15


def test_the_whole_language_is_a_vocabulary_of_50_to_100_words() -> None:
    assert 50 <= len(CaptionTokenizer().fit([" ".join(word_tables(DEFAULT).vocabulary)])) <= 100


@pytest.mark.parametrize("caption", CAPTIONS)
def test_decode_inverts_encode(tokenizer: CaptionTokenizer, caption: str) -> None:
    ids = tokenizer.encode(caption)
    assert (ids[0], ids[-1]) == (tokenizer.sos_id, tokenizer.eos_id)
    assert tokenizer.decode(ids) == " ".join(caption.lower().removesuffix(".").split())


def test_words_outside_the_vocabulary_are_unknown(tokenizer: CaptionTokenizer) -> None:
    ids = tokenizer.encode("a purple star")
    assert ids[2] == tokenizer.unk_id
    assert tokenizer.decode(ids, skip_special=False) == "<SOS> a <UNK> star <EOS>"


def test_batches_are_padded_on_the_right(tokenizer: CaptionTokenizer) -> None:
    batch = tokenizer.encode_batch(CAPTIONS[:2])
    assert batch.dtype == torch.int64
    assert batch[1].tolist() == tokenizer.encode(CAPTIONS[1]) + [0] * 6


def test_fit_replaces_the_vocabulary(tokenizer: CaptionTokenizer) -> None:
    assert tokenizer.fit(["one star"]).words == ("one", "star")


def test_saved_and_loaded_are_equal(tokenizer: CaptionTokenizer, tmp_path) -> None:
    tokenizer.save(tmp_path / "vocab.json")
    loaded = CaptionTokenizer.load(tmp_path / "vocab.json")
    assert (loaded.words, loaded.max_length) == (tokenizer.words, tokenizer.max_length)


def test_a_state_rebuilds_the_tokenizer_and_has_the_keys_of_published_files(tokenizer: CaptionTokenizer) -> None:
    state = json.loads(json.dumps(tokenizer.state_dict()))
    assert state == {"max_length": 32, "words": list(tokenizer.words)}
    rebuilt = CaptionTokenizer.from_state(state)
    assert (rebuilt.words, rebuilt.max_length) == (tokenizer.words, tokenizer.max_length)
    assert rebuilt.encode_batch(CAPTIONS).equal(tokenizer.encode_batch(CAPTIONS))


def test_a_state_of_something_else_is_refused() -> None:
    for state in [{}, {"words": []}, {"max_length": "long", "words": []}, {"max_length": 32, "words": 3}]:
        with pytest.raises((KeyError, TypeError, ValueError)):
            CaptionTokenizer.from_state(state)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"max_length": 32, "vocabulary": 3}', '{"max_length": 32, "vocabulary": {"red": 0}}']
)
def test_a_file_that_is_not_a_vocabulary_is_named(tmp_path, content: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"broken\.json is not a tokenizer vocabulary"):
        CaptionTokenizer.load(path)


def test_ids_out_of_order_are_refused(tokenizer: CaptionTokenizer, tmp_path) -> None:
    path = tmp_path / "vocab.json"
    tokenizer.save(path)
    content = json.loads(path.read_text())
    content["vocabulary"]["star"], content["vocabulary"]["a"] = (
        content["vocabulary"]["a"],
        content["vocabulary"]["star"],
    )
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match="ids are not"):
        CaptionTokenizer.load(path)


def test_limits_are_named(tokenizer: CaptionTokenizer) -> None:
    with pytest.raises(ValueError, match="31 words: expected 1 to 30"):
        tokenizer.encode("a " * 31)
    with pytest.raises(ValueError, match="0 words"):
        tokenizer.encode(" . ")
    with pytest.raises(ValueError, match="id 99"):
        tokenizer.decode([99])
    with pytest.raises(ValueError, match="max_length is 2"):
        CaptionTokenizer(max_length=2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ÉCOLE", ["école"]),
        ("e\N{COMBINING ACUTE ACCENT}cole", ["école"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("赤い鳥", ["赤", "い", "鳥"]),
        ("don't-stop 'quoted'", ["don't-stop", "'", "quoted", "'"]),
        ("no.12, (a) 50%", ["no", ".", "12", ",", "(", "a", ")", "50", "%"]),
        ("a\u200bb\tc\n", ["a", "b", "c"]),
        ("", []),
    ],
)
def test_free_text_is_split_by_the_classes_of_unicode(text: str, words: list[str]) -> None:
    assert free_words(text) == words
    assert free_words(text.upper()) == free_words(text)


def test_free_text_survives_its_files(tmp_path: Path) -> None:
    tokenizer = CaptionTokenizer(max_length=6, free_text=True).fit(["Rex, the dog!", "the cat"], most_words=3)
    tokenizer.save(tmp_path / "words.json")
    for again in (CaptionTokenizer.from_state(tokenizer.state_dict()), CaptionTokenizer.load(tmp_path / "words.json")):
        assert again.state_dict() == tokenizer.state_dict()
        assert again.encode("THE dog, Rex and all") == tokenizer.encode("the dog, rex and all")
    assert len(tokenizer.encode("the the the the the the the")) == 6
    assert tokenizer.unknown("The dog, Zoe") == ["dog", "zoe"]
