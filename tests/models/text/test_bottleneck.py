"""Things of one group agree, reading is learned from its lesson, and the lexicon is not needed to read."""

import math

import numpy as np
import pytest
import torch

from cvae_lightning import CaptionTokenizer
from cvae_lightning.data import lexicon
from cvae_lightning.models import BottleneckTextEncoder, LSTMTextEncoder, TransformerTextEncoder, blueprint, build
from cvae_lightning.models.text.bottleneck import LESSON
from cvae_lightning.models.text.lexicon import Lexicon
from cvae_lightning.models.text.lstm import TextEncoder
from cvae_lightning.world import VOCABULARY, describe, sample_meaning

TOKENIZER = CaptionTokenizer().fit(VOCABULARY)
CAPTIONS = ["a red circle", "a red circle above 2 blue stars"]
READERS = {"lstm": LSTMTextEncoder, "transformer": TransformerTextEncoder}


def encoder(reader: str = "transformer", lexical: bool = True) -> BottleneckTextEncoder:
    torch.manual_seed(0)
    reading: TextEncoder = READERS[reader](len(TOKENIZER), 32, layers=1)
    return BottleneckTextEncoder(len(TOKENIZER), reading, lexicon(TOKENIZER.vocabulary) if lexical else None)


@pytest.fixture(scope="module", params=list(READERS))
def literate(request) -> BottleneckTextEncoder:
    """An encoder that took nothing but its lesson in reading, on captions of its own."""
    model, rng = encoder(request.param), np.random.default_rng(0)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(150):
        tokens = TOKENIZER.encode_batch([describe(sample_meaning(rng), rng) for _ in range(64)])
        optimizer.zero_grad()
        model(tokens).lesson.mean().backward()
        optimizer.step()
    return model.eval()


def test_it_learns_to_read_captions_it_has_not_seen(literate: BottleneckTextEncoder) -> None:
    rng = np.random.default_rng(1)
    said = [sample_meaning(rng) for _ in range(300)]
    caption = literate(TOKENIZER.encode_batch([describe(meaning, rng) for meaning in said]))
    wanted = [
        [number < count for count in [*(group.count for group in meaning.groups), 0][:2] for number in range(5)]
        for meaning in said
    ]
    assert (caption.mask == torch.tensor(wanted)).all(dim=1).float().mean() > 0.97
    assert (caption.lesson < LESSON * math.log(2)).float().mean() > 0.95


def test_it_reads_without_the_lexicon(literate: BottleneckTextEncoder) -> None:
    reader = "lstm" if isinstance(literate.reader, LSTMTextEncoder) else "transformer"
    unlettered, tokens = encoder(reader, lexical=False), TOKENIZER.encode_batch(CAPTIONS)
    unlettered.load_state_dict(literate.state_dict())
    for ours, theirs in zip(literate(tokens)[:3], unlettered.eval()(tokens)[:3], strict=True):
        assert torch.equal(ours, theirs)


def test_things_of_a_group_are_equal_and_groups_are_not() -> None:
    model, tokens = encoder(), TOKENIZER.encode_batch(CAPTIONS)
    model.meaning.bias.data[5] = 100.0  # of the count, the first that is said
    states = model(tokens).states.unflatten(1, (2, 5))
    assert torch.equal(states[:, :, :1].expand_as(states), states)
    assert (states[1, 0] - states[1, 1]).abs().max() > 1e-3


def test_ways_of_saying_the_same_hardly_differ_and_other_meanings_do(literate: BottleneckTextEncoder) -> None:
    said = ["2 small red circles above a blue star", "two little red circles over one blue star", "2 small red circles"]
    first, second, third = literate(TOKENIZER.encode_batch(said)).pooled
    assert (first - second).norm() < 0.2 * (first - third).norm()


def test_the_reader_learns_from_its_lesson_alone() -> None:
    model = encoder().train()
    caption = model(TOKENIZER.encode_batch(CAPTIONS))
    readers = [*model.reader.parameters(), *model.meaning.parameters(), model.queries]
    (caption.states.square().sum() + caption.pooled.square().sum()).backward(retain_graph=True)
    assert not any(weight.grad is not None and weight.grad.any() for weight in readers)
    assert model.said.weight.grad.any()
    caption.lesson.sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in (model.meaning.weight, model.queries))


def test_the_lesson_is_the_surprise_at_all_that_is_said() -> None:
    model, tokens = encoder(), TOKENIZER.encode_batch(CAPTIONS)
    model.meaning.weight.data.zero_()
    model.meaning.bias.data.normal_()
    nats = -model.meaning.bias.detach().view(5, 16).log_softmax(dim=1)
    groups, links = Lexicon(len(TOKENIZER), lexicon(TOKENIZER.vocabulary))(tokens)
    said = [[*group, link] for groups, link in zip(groups.tolist(), links.tolist(), strict=True) for group in groups]
    surprise = torch.stack([sum(nats[place, value] for place, value in enumerate(group)) for group in said])
    torch.testing.assert_close(model(tokens).lesson, LESSON * surprise.view(2, 2).sum(dim=1))


def test_padding_never_changes_an_embedding() -> None:
    model, tokens = encoder(), TOKENIZER.encode_batch(CAPTIONS)
    wide = model(torch.nn.functional.pad(tokens, (0, 7)))
    for ours, theirs in zip(model(tokens), wide, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_blueprint_rebuilds_it_with_its_reader() -> None:
    model, tokens = encoder("lstm"), TOKENIZER.encode_batch(CAPTIONS)
    twin = build(blueprint(model))
    twin.load_state_dict(model.state_dict())
    for ours, theirs in zip(model(tokens), twin(tokens), strict=True):
        assert torch.equal(ours, theirs)
