"""Objects of one group agree, reading is learned from its own loss, and the lexicon is not needed to read."""

import math

import numpy as np
import pytest
import torch

from cvae_lightning import CaptionTokenizer
from cvae_lightning.data import lexicon
from cvae_lightning.models import (
    BottleneckTextEncoder,
    CaptionEncoding,
    LSTMTextEncoder,
    TextEncoder,
    TransformerTextEncoder,
)
from cvae_lightning.models.text.lexicon import Lexicon
from cvae_lightning.world import DEFAULT, describe, sample_meaning, word_tables

TOKENIZER = CaptionTokenizer().fit(word_tables(DEFAULT).vocabulary)
CAPTIONS = ["a red circle", "a red circle above 2 blue stars"]
READERS = {"lstm": LSTMTextEncoder, "transformer": TransformerTextEncoder}


def encoder(reader: str = "transformer", lexical: bool = True) -> BottleneckTextEncoder:
    torch.manual_seed(0)
    reading: TextEncoder = READERS[reader](len(TOKENIZER), 32, layers=1)
    return BottleneckTextEncoder(len(TOKENIZER), reading, lexicon(TOKENIZER.vocabulary) if lexical else None)


def loss(model: BottleneckTextEncoder, tokens: torch.Tensor) -> torch.Tensor:
    return model.auxiliary_loss(tokens, model(tokens))


def tensors(caption: CaptionEncoding) -> list[torch.Tensor]:
    return [caption.pooled, *(t for masked in (caption.tokens, caption.objects) for t in (masked.values, masked.mask))]


@pytest.fixture(scope="module", params=list(READERS))
def literate(request) -> BottleneckTextEncoder:
    """An encoder that was trained by its auxiliary loss alone, on captions of its own."""
    model, rng = encoder(request.param), np.random.default_rng(0)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(150):
        tokens = TOKENIZER.encode_batch([describe(sample_meaning(rng), rng) for _ in range(64)])
        optimizer.zero_grad()
        loss(model, tokens).mean().backward()
        optimizer.step()
    return model.eval()


@pytest.mark.slow
def test_it_learns_to_read_new_captions(literate: BottleneckTextEncoder) -> None:
    rng = np.random.default_rng(1)
    chosen = [sample_meaning(rng) for _ in range(300)]
    tokens = TOKENIZER.encode_batch([describe(meaning, rng) for meaning in chosen])
    wanted = [
        [number < count for count in [*(group.count for group in meaning.groups), 0][:2] for number in range(5)]
        for meaning in chosen
    ]
    assert (literate(tokens).objects.mask == torch.tensor(wanted)).all(dim=1).float().mean() > 0.97
    assert (loss(literate, tokens) < literate.auxiliary_loss_weight * math.log(2)).float().mean() > 0.95


@pytest.mark.slow
def test_it_reads_without_the_lexicon(literate: BottleneckTextEncoder) -> None:
    reader = "lstm" if isinstance(literate.reader, LSTMTextEncoder) else "transformer"
    without_lexicon, tokens = encoder(reader, lexical=False), TOKENIZER.encode_batch(CAPTIONS)
    without_lexicon.load_state_dict(literate.state_dict())
    for first, second in zip(tensors(literate(tokens)), tensors(without_lexicon.eval()(tokens)), strict=True):
        assert torch.equal(first, second)


def test_objects_of_a_group_are_equal_and_groups_are_not() -> None:
    model, tokens = encoder(), TOKENIZER.encode_batch(CAPTIONS)
    model.classify.bias.data[5] = 100.0  # of the count, the first attribute
    values = model(tokens).objects.values.unflatten(1, (2, 5))
    assert torch.equal(values[:, :, :1].expand_as(values), values)
    assert (values[1, 0] - values[1, 1]).abs().max() > 1e-3


@pytest.mark.slow
def test_synonyms_hardly_differ_and_other_meanings_do(literate: BottleneckTextEncoder) -> None:
    captions = [
        "2 small red circles above a blue star",
        "two little red circles over one blue star",
        "2 small red circles",
    ]
    first, second, third = literate(TOKENIZER.encode_batch(captions)).pooled
    assert (first - second).norm() < 0.2 * (first - third).norm()


def test_the_reader_learns_from_its_own_loss_alone() -> None:
    model = encoder().train()
    tokens = TOKENIZER.encode_batch(CAPTIONS)
    caption = model(tokens)
    readers = [*model.reader.parameters(), *model.classify.parameters(), model.queries]
    (caption.objects.values.square().sum() + caption.pooled.square().sum()).backward(retain_graph=True)
    assert not any(weight.grad is not None and weight.grad.any() for weight in readers)
    assert model.embed.weight.grad.any()
    model.auxiliary_loss(tokens, caption).sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in (model.classify.weight, model.queries))


def test_the_loss_is_the_surprise_at_all_attributes() -> None:
    model, tokens = encoder(), TOKENIZER.encode_batch(CAPTIONS)
    model.classify.weight.data.zero_()
    model.classify.bias.data.normal_()
    nats = -model.classify.bias.detach().view(5, 16).log_softmax(dim=1)
    parsed = Lexicon(len(TOKENIZER), lexicon(TOKENIZER.vocabulary))(tokens)
    pairs = zip(parsed.groups.tolist(), parsed.links[:, 0].tolist(), strict=True)
    attributes = [[*group, link] for groups, link in pairs for group in groups]
    surprise = torch.stack([sum(nats[k, value] for k, value in enumerate(values)) for values in attributes])
    torch.testing.assert_close(loss(model, tokens), model.auxiliary_loss_weight * surprise.view(2, 2).sum(dim=1))
