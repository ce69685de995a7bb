"""Padding is not part of the mean, word order matters, and captions that do not fit are named."""

import pytest
import torch

from cvae_lightning import CaptionTokenizer
from cvae_lightning.models import TransformerTextEncoder
from cvae_lightning.world import DEFAULT, word_tables

TOKENIZER = CaptionTokenizer().fit(word_tables(DEFAULT).vocabulary)
CAPTIONS = ["a red circle", "a red circle above 2 blue stars"]


def encoder() -> TransformerTextEncoder:
    torch.manual_seed(0)
    return TransformerTextEncoder(len(TOKENIZER), 16, layers=2)


def test_padding_never_changes_an_embedding_and_the_pooled_one_is_the_mean() -> None:
    model, tokens = encoder(), TOKENIZER.encode_batch(CAPTIONS)
    wide = torch.nn.functional.pad(tokens, (0, 7))
    narrow, padded = model(tokens), model(wide)
    values, kept = narrow.tokens.values, narrow.tokens.values.shape[1]
    torch.testing.assert_close(padded.pooled, narrow.pooled)
    torch.testing.assert_close(padded.tokens.values[:, :kept], values)
    torch.testing.assert_close(model(tokens[:1, :5]).pooled, narrow.pooled[:1])
    assert torch.equal(padded.tokens.mask, wide != TOKENIZER.pad_id)
    assert not padded.tokens.values[~padded.tokens.mask].any()
    torch.testing.assert_close(narrow.pooled[1], values[1].mean(0))


def test_word_order_changes_an_embedding() -> None:
    there = TOKENIZER.encode_batch(["a red circle above a blue star"])
    back = TOKENIZER.encode_batch(["a blue star above a red circle"])
    assert sorted(there[0].tolist()) == sorted(back[0].tolist())
    model = encoder()
    assert (model(there).pooled - model(back).pooled).abs().max() > 0.01


def test_captions_that_cannot_be_encoded_are_named() -> None:
    model = TransformerTextEncoder(9, 16, max_length=6)
    with pytest.raises(ValueError, match="captions of 7 tokens: expected at most max_length=6"):
        model(torch.ones(1, 7, dtype=torch.long))
    with pytest.raises(ValueError, match="no tokens at all"):
        model(torch.zeros(1, 4, dtype=torch.long))
    with pytest.raises(ValueError, match="width 18 does not divide into 4 heads"):
        TransformerTextEncoder(9, 18)


@pytest.mark.parametrize("directional", [False, True])
@torch.no_grad()
def test_heads_with_a_direction_know_the_order_of_words_without_indices(directional: bool) -> None:
    torch.manual_seed(0)
    encoder = TransformerTextEncoder(vocab_size=10, caption_dim=8, layers=1, directional=directional)
    encoder.index_embedding.zero_()
    forwards, backwards = encoder(torch.tensor([[2, 3, 4]])), encoder(torch.tensor([[4, 3, 2]]))
    same = torch.allclose(forwards.tokens.values, backwards.tokens.values.flip(1), atol=1e-5)
    assert same is not directional


def test_directions_need_pairs_of_heads() -> None:
    with pytest.raises(ValueError, match="directional needs an even number of heads, not 3"):
        TransformerTextEncoder(vocab_size=10, caption_dim=9, heads=3, directional=True)
