"""Things of one group agree, counting is learned from its lesson, and the lexicon is not needed to read."""

import numpy as np
import pytest
import torch

from cvae_lightning import CaptionTokenizer
from cvae_lightning.data import lexicon
from cvae_lightning.models import LSTMTextEncoder, ThingsTextEncoder, TransformerTextEncoder, blueprint, build
from cvae_lightning.models.text_encoder import TextEncoder
from cvae_lightning.world import VOCABULARY, describe, sample_meaning

TOKENIZER = CaptionTokenizer().fit(VOCABULARY)
CAPTIONS = ["a red circle", "a red circle above 2 blue stars"]
READERS = {"lstm": LSTMTextEncoder, "transformer": TransformerTextEncoder}


def encoder(reader: str = "transformer", lexical: bool = True) -> ThingsTextEncoder:
    torch.manual_seed(0)
    reading: TextEncoder = READERS[reader](len(TOKENIZER), 32, layers=1)
    return ThingsTextEncoder(len(TOKENIZER), reading, lexicon(TOKENIZER.vocabulary) if lexical else None)


@pytest.fixture(scope="module", params=list(READERS))
def counted(request) -> ThingsTextEncoder:
    """An encoder that took nothing but its lesson in counting, on captions of its own."""
    model, rng = encoder(request.param), np.random.default_rng(0)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(150):
        tokens = TOKENIZER.encode_batch([describe(sample_meaning(rng), rng) for _ in range(64)])
        optimizer.zero_grad()
        model(tokens).lesson.mean().backward()
        optimizer.step()
    return model.eval()


def test_it_learns_to_count_captions_it_has_not_seen(counted: ThingsTextEncoder) -> None:
    rng = np.random.default_rng(1)
    said = [sample_meaning(rng) for _ in range(300)]
    mask = counted(TOKENIZER.encode_batch([describe(meaning, rng) for meaning in said])).mask
    wanted = [
        [number < count for count in [*(group.count for group in meaning.groups), 0][:2] for number in range(5)]
        for meaning in said
    ]
    assert (mask == torch.tensor(wanted)).all(dim=1).float().mean() > 0.97


def test_it_reads_without_the_lexicon(counted: ThingsTextEncoder) -> None:
    reader = "lstm" if isinstance(counted.reader, LSTMTextEncoder) else "transformer"
    unlettered, tokens = encoder(reader, lexical=False), TOKENIZER.encode_batch(CAPTIONS)
    unlettered.load_state_dict(counted.state_dict())
    for ours, theirs in zip(counted(tokens)[:3], unlettered.eval()(tokens)[:3], strict=True):
        assert torch.equal(ours, theirs)


def test_things_of_a_group_differ_by_their_number_alone() -> None:
    model, tokens = encoder(), TOKENIZER.encode_batch(CAPTIONS)
    model.count.bias.data[-1] = 100.0
    states = model(tokens).states.unflatten(1, (2, 5))
    model.number.data.zero_()
    alike = model(tokens).states.unflatten(1, (2, 5))
    assert torch.pdist(states[1].flatten(0, 1)).min() > 0.01
    assert torch.equal(alike[:, :, :1].expand_as(alike), alike)
    assert (alike[1, 0] - alike[1, 1]).abs().max() > 0.01


def test_the_lesson_is_the_surprise_at_the_counts() -> None:
    model, tokens = encoder(), TOKENIZER.encode_batch(CAPTIONS)
    model.count.weight.data.zero_()
    model.count.bias.data = torch.tensor([0.0, 2.0, 1.0, 0.0, 0.0, 0.0])
    nats = -torch.log_softmax(model.count.bias.detach(), dim=0)
    torch.testing.assert_close(model(tokens).lesson, 1000 * torch.stack([nats[1] + nats[0], nats[1] + nats[2]]))


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
