"""The encoder reads what the language's own parser reads, whatever the words, and has a state for each thing."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from cvae_lightning import CaptionTokenizer
from cvae_lightning.data import lexicon
from cvae_lightning.models import AttributesTextEncoder, blueprint, build
from cvae_lightning.world import VOCABULARY, Meaning, describe, parse, sample_meaning
from cvae_lightning.world.captions import LINK_WORDS
from cvae_lightning.world.scene import COLOURS, SHAPES, SIZES, Group, same_kind

TOKENIZER = CaptionTokenizer().fit(VOCABULARY)


def encoder() -> AttributesTextEncoder:
    torch.manual_seed(0)
    return AttributesTextEncoder(len(TOKENIZER), 16, lexicon(TOKENIZER.vocabulary))


def meanings(count: int, seed: int = 0) -> list[Meaning]:
    """Meanings of the world, a third of whose sizes and colours are left unsaid where that says something."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < count:
        meaning = sample_meaning(rng)
        groups = [_forget(group, rng) for group in meaning.groups]
        if len(groups) == 1 or not same_kind(*groups):
            found.append(Meaning(tuple(groups), meaning.relation))
    return found


def _forget(group: Group, rng: np.random.Generator) -> Group:
    return replace(group, **{name: None for name in ("size", "colour") if rng.random() < 1 / 3})


def table(meaning: Meaning) -> tuple[list[list[int]], int]:
    """A meaning in the lexicon's numbers: count, size, colour and shape of both groups, and the link."""
    orders = {"size": list(SIZES), "colour": list(COLOURS), "shape": list(SHAPES)}
    rows = [
        [
            group.count,
            *(1 + order.index(value) if (value := getattr(group, name)) else 0 for name, order in orders.items()),
        ]
        for group in meaning.groups
    ]
    link = 1 + list(LINK_WORDS).index(meaning.relation) if len(rows) == 2 else 0
    return [*rows, *[[0] * 4] * (2 - len(rows))], link


def test_it_reads_what_the_parser_reads() -> None:
    rng = np.random.default_rng(1)
    captions = [describe(meaning, rng) for meaning in meanings(4000)]
    assert {word for caption in captions for word in caption.split()} == set(VOCABULARY)
    groups, links = encoder().lexicon(TOKENIZER.encode_batch(captions))
    for caption, rows, link in zip(captions, groups.tolist(), links.tolist(), strict=True):
        assert (rows, link) == table(parse(caption)), caption


def test_synonyms_give_equal_embeddings_and_other_meanings_others() -> None:
    rng, said = np.random.default_rng(2), list(dict.fromkeys(meanings(300)))
    model = encoder()
    plain = model(TOKENIZER.encode_batch([describe(meaning) for meaning in said]))
    varied = model(TOKENIZER.encode_batch([describe(meaning, rng) for meaning in said]))
    for ours, theirs in zip(plain[:3], varied[:3], strict=True):
        assert torch.equal(ours, theirs)
    assert torch.pdist(plain.pooled).min() > 1e-3


def test_relation_and_order_of_groups_are_heard_by_every_thing() -> None:
    one, two = "a red circle", "2 small blue stars"
    captions = [f"{one} {words[0]} {two}" for words in LINK_WORDS.values()] + [f"{two} above {one}"]
    pooled, states, mask, _ = encoder()(TOKENIZER.encode_batch(captions))
    assert torch.pdist(pooled).min() > 0.01
    for thing in states[:5, mask[0]].unbind(dim=1):
        assert torch.pdist(thing).min() > 0.01


def test_there_is_a_state_for_each_thing_and_none_besides() -> None:
    said = meanings(300)
    caption = encoder()(TOKENIZER.encode_batch([describe(meaning) for meaning in said]))
    assert caption.mask.sum(dim=1).tolist() == [sum(group.count for group in meaning.groups) for meaning in said]
    assert not caption.states[~caption.mask].any()
    for states, mask, meaning in zip(caption.states, caption.mask, said, strict=True):
        counts = [group.count for group in meaning.groups] + [0] * (2 - len(meaning.groups))
        assert [half.tolist() for half in mask.chunk(2)] == [[k < count for k in range(5)] for count in counts]
        firsts = states.unflatten(0, (2, 5))[:, :1]
        assert torch.equal(firsts.expand(-1, 5, -1).flatten(0, 1)[mask], states[mask])
        if counts[1]:
            assert (firsts[0] - firsts[1]).abs().max() > 1e-3


def test_padding_never_changes_an_embedding() -> None:
    model, tokens = encoder(), TOKENIZER.encode_batch(["a red circle", "2 tiny stars above a large blue square"])
    wide, alone = model(torch.nn.functional.pad(tokens, (0, 9))), model(tokens[:1, :5])
    for field, padded, single in zip(model(tokens)[:3], wide[:3], alone[:3], strict=True):
        assert torch.equal(padded, field)
        torch.testing.assert_close(single, field[:1])


def test_a_caption_that_names_nothing_still_has_states_to_look_at() -> None:
    model = encoder()
    caption = model(torch.tensor([[TOKENIZER.sos_id, TOKENIZER.unk_id, TOKENIZER.eos_id]]))
    assert caption.mask.all()
    assert not caption.states.any()
    unread = AttributesTextEncoder(len(TOKENIZER), 16)
    groups, link = unread.lexicon(TOKENIZER.encode_batch(["a red circle"]))
    assert not groups.any()
    assert not link.any()
    with pytest.raises(ValueError, match="no tokens"):
        model(torch.zeros(1, 4, dtype=torch.long))


def test_a_lexicon_that_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match="lexicon has 2 words, but the tokenizer has 3"):
        AttributesTextEncoder(3, lexicon=[[0, 0], [1, 1]])
    for row in ([6, 1], [1, 16], [-1, 0], [1]):
        with pytest.raises(ValueError, match=r"role 0 to 5, value 0 to 15"):
            AttributesTextEncoder(1, lexicon=[row])


def test_a_blueprint_is_plain_data_that_rebuilds_it() -> None:
    model, tokens = encoder(), TOKENIZER.encode_batch(["a red circle", "2 tiny stars above a large blue square"])
    twin = build(json.loads(json.dumps(blueprint(model))))
    twin.load_state_dict(model.state_dict())
    for ours, theirs in zip(model(tokens)[:3], twin(tokens)[:3], strict=True):
        assert torch.equal(ours, theirs)
