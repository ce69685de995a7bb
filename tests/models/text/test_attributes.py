"""The encoder reads what the language's own parser reads, whatever the words, and has one embedding per object."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cvae_lightning import CaptionTokenizer
from cvae_lightning.data import lexicon
from cvae_lightning.models import AttributesTextEncoder, CaptionEncoding
from cvae_lightning.world import DEFAULT, Group, Meaning, describe, parse, sample_meaning, word_tables
from cvae_lightning.world.scene import same_kind

TOKENIZER = CaptionTokenizer().fit(word_tables(DEFAULT).vocabulary)


def encoder() -> AttributesTextEncoder:
    torch.manual_seed(0)
    return AttributesTextEncoder(len(TOKENIZER), 16, lexicon(TOKENIZER.vocabulary))


def meanings(count: int, seed: int = 0) -> list[Meaning]:
    """Meanings of the world, a third of whose sizes and colours are left out where the caption stays clear."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < count:
        meaning = sample_meaning(rng)
        groups = [_forget(group, rng) for group in meaning.groups]
        if len(groups) == 1 or not same_kind(*groups):
            found.append(Meaning(tuple(groups), meaning.links))
    return found


def _forget(group: Group, rng: np.random.Generator) -> Group:
    return replace(group, **{name: None for name in ("size", "colour") if rng.random() < 1 / 3})


def tensors(caption: CaptionEncoding) -> list[torch.Tensor]:
    return [caption.pooled, *(t for masked in (caption.tokens, caption.objects) for t in (masked.values, masked.mask))]


def table(meaning: Meaning) -> tuple[list[list[int]], int]:
    """A meaning in the lexicon's numbers: count, size, colour and shape of both groups, and the link."""
    orders = {"size": list(DEFAULT.sizes), "colour": list(DEFAULT.colours), "shape": list(DEFAULT.shapes)}
    rows = [
        [
            group.count,
            *(1 + order.index(value) if (value := getattr(group, name)) else 0 for name, order in orders.items()),
        ]
        for group in meaning.groups
    ]
    link = 1 + [None, *DEFAULT.relations].index(meaning.links[0]) if len(rows) == 2 else 0
    return [*rows, *[[0] * 4] * (2 - len(rows))], link


def test_an_object_need_not_know_how_many_there_are() -> None:
    tokens = TOKENIZER.encode_batch(["2 small red stars", "5 small red stars"])
    torch.manual_seed(0)
    without = AttributesTextEncoder(len(TOKENIZER), 16, lexicon(TOKENIZER.vocabulary), embed_counts=False)
    for model, equal in ((encoder(), False), (without, True)):
        objects = model(tokens).objects
        assert objects is not None
        assert objects.mask.sum(dim=1).tolist() == [2, 5]
        assert torch.equal(objects.values[0, 0], objects.values[1, 0]) is equal


def test_it_reads_what_the_parser_reads() -> None:
    rng = np.random.default_rng(1)
    captions = [describe(meaning, rng) for meaning in meanings(4000)]
    assert {word for caption in captions for word in caption.split()} == set(word_tables(DEFAULT).vocabulary)
    parsed = encoder().lexicon(TOKENIZER.encode_batch(captions))
    for caption, rows, link in zip(captions, parsed.groups.tolist(), parsed.links[:, 0].tolist(), strict=True):
        assert (rows, link) == table(parse(caption)), caption


def test_synonyms_give_equal_embeddings_and_other_meanings_others() -> None:
    rng, chosen = np.random.default_rng(2), list(dict.fromkeys(meanings(300)))
    model = encoder()
    plain = model(TOKENIZER.encode_batch([describe(meaning) for meaning in chosen]))
    varied = model(TOKENIZER.encode_batch([describe(meaning, rng) for meaning in chosen]))
    for first, second in zip(tensors(plain), tensors(varied), strict=True):
        assert torch.equal(first, second)
    assert torch.pdist(plain.pooled).min() > 1e-3


def test_relation_and_order_of_groups_change_every_object() -> None:
    first, second = "a red circle", "2 small blue stars"
    captions = [f"{first} {words[0]} {second}" for words in DEFAULT.language.links.values()] + [
        f"{second} above {first}"
    ]
    caption = encoder()(TOKENIZER.encode_batch(captions))
    assert torch.pdist(caption.pooled).min() > 0.01
    for embeddings in caption.objects.values[:5, caption.objects.mask[0]].unbind(dim=1):
        assert torch.pdist(embeddings).min() > 0.01


def test_there_is_one_embedding_per_object_and_no_other() -> None:
    chosen = meanings(300)
    objects = encoder()(TOKENIZER.encode_batch([describe(meaning) for meaning in chosen])).objects
    assert objects.mask.sum(dim=1).tolist() == [sum(group.count for group in meaning.groups) for meaning in chosen]
    assert not objects.values[~objects.mask].any()
    for values, mask, meaning in zip(objects.values, objects.mask, chosen, strict=True):
        counts = [group.count for group in meaning.groups] + [0] * (2 - len(meaning.groups))
        assert [half.tolist() for half in mask.chunk(2)] == [[k < count for k in range(5)] for count in counts]
        firsts = values.unflatten(0, (2, 5))[:, :1]
        assert torch.equal(firsts.expand(-1, 5, -1).flatten(0, 1)[mask], values[mask])
        if counts[1]:
            assert (firsts[0] - firsts[1]).abs().max() > 1e-3


def test_a_caption_that_names_nothing_still_has_embeddings_to_attend_to() -> None:
    model = encoder()
    caption = model(torch.tensor([[TOKENIZER.sos_id, TOKENIZER.unk_id, TOKENIZER.eos_id]]))
    assert caption.objects.mask.all()
    assert not caption.objects.values.any()
    unread = AttributesTextEncoder(len(TOKENIZER), 16)
    parsed = unread.lexicon(TOKENIZER.encode_batch(["a red circle"]))
    assert not parsed.groups.any()
    assert not parsed.links.any()
    with pytest.raises(ValueError, match="no tokens at all"):
        model(torch.zeros(1, 4, dtype=torch.long))


def test_a_lexicon_that_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match="lexicon has 2 words, but the tokenizer has 3"):
        AttributesTextEncoder(3, lexicon=[[0, 0], [1, 1]])
    for row in ([6, 1], [1, 16], [-1, 0], [1]):
        with pytest.raises(ValueError, match=r"role 0 to 5, value 0 to 15"):
            AttributesTextEncoder(1, lexicon=[row])
