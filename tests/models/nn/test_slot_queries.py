"""What a caption does not name has no slot in use; what it names has a slot of its own."""

from dataclasses import replace

import pytest
import torch
from support.encodings import QUERIES, encoding, random_encoding, slot_arguments, with_values
from torch import Tensor

from cvae_lightning.models import (
    CaptionEncoding,
    LatentLayout,
    ObjectQueries,
    SlotDecoder,
    SlotEncoder,
    StandardPrior,
)
from cvae_lightning.models.nn.slot_queries import index_embedding, with_index

SLOTS, SIZE = 4, 3
MASK = torch.tensor([[True, True, False, False], [True, False, True, True]])
SHAPE = {"image_size": 16, "widths": (16, 16), "blocks": (0, 1)}


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def caption() -> CaptionEncoding:
    return random_encoding(2, SLOTS, 8, MASK)


def encoder(kind: str) -> SlotEncoder:
    return SlotEncoder(**SHAPE, **slot_arguments(SLOTS * SIZE, SLOTS, 8, kind)).eval()


def decoder(kind: str) -> SlotDecoder:
    return SlotDecoder(**SHAPE, **slot_arguments(SLOTS * SIZE, SLOTS, 8, kind)).train()


def by_slot(values: Tensor) -> Tensor:
    """(B, Z) -> (B, slots, Z / slots)."""
    return values.unflatten(1, (SLOTS, SIZE))


def test_an_unnamed_object_has_the_prior_as_its_posterior_and_costs_nothing() -> None:
    posterior = encoder("objects")(torch.rand(2, 3, 16, 16), caption()).posterior
    rate = StandardPrior(SLOTS * SIZE).rate(posterior, caption())
    for values in (*posterior, rate):
        assert not by_slot(values)[~MASK].any()
        assert by_slot(values)[MASK].abs().min() > 0


def test_the_latent_of_an_unnamed_object_never_shows() -> None:
    part, given, z = decoder("objects"), caption(), torch.randn(2, 12)
    image = part(z, given)
    for row, slot in [(row, slot) for row in range(2) for slot in range(SLOTS)]:
        other = z.clone()
        by_slot(other)[row, slot] += 100
        changed = (part(other, given) - image).abs().amax(dim=(1, 2, 3))
        assert changed[1 - row] == 0
        assert (changed[row] > 1e-3) == MASK[row, slot]


def test_of_learned_queries_every_slot_counts() -> None:
    given, z = caption(), torch.randn(2, 12)
    posterior = encoder("learned")(torch.rand(2, 3, 16, 16), given).posterior
    assert posterior.log_sigma.max() < -1
    assert posterior.mean.abs().min() > 0
    part = decoder("learned")
    image = part(z, given)
    for slot in range(SLOTS):
        other = z.clone()
        by_slot(other)[:, slot] += 1
        assert (part(other, given) - image).abs().amax(dim=(1, 2, 3)).min() > 1e-4


@pytest.mark.parametrize("kind", QUERIES)
def test_masked_embeddings_never_matter_and_others_do(kind: str) -> None:
    encode, decode, images, z = encoder(kind), decoder(kind), torch.rand(2, 3, 16, 16), torch.randn(2, 12)
    given = caption()
    noise = 10 * torch.randn_like(given.tokens.values)
    for same, added in ((True, noise * ~MASK.unsqueeze(-1)), (False, noise * MASK.unsqueeze(-1))):
        other = with_values(given, given.tokens.values + added)
        assert torch.equal(encode(images, other).posterior.mean, encode(images, given).posterior.mean) is same
        assert torch.equal(decode(z, other), decode(z, given)) is same


@pytest.mark.parametrize("kind", [SlotEncoder, SlotDecoder])
def test_slots_that_do_not_fit_are_named(kind) -> None:
    for slots in (5, 0):
        with pytest.raises(ValueError, match=f"latent_dim 12 does not divide into {slots} slots"):
            kind(layout=LatentLayout(12, slots, 4.0), queries=ObjectQueries(4, 16, 8), caption_dim=8, **SHAPE)
    with pytest.raises(ValueError, match="ObjectQueries has 3 slots, but the latent's layout has 4: make them equal"):
        kind(layout=LatentLayout(12, 4, 4.0), queries=ObjectQueries(3, 16, 8), caption_dim=8, **SHAPE)
    with pytest.raises(ValueError, match="slots have no position: give position_scale"):
        kind(layout=LatentLayout(12, 4), queries=ObjectQueries(4, 16, 8), caption_dim=8, **SHAPE)


def test_object_queries_need_objects() -> None:
    with pytest.raises(ValueError, match="ObjectQueries: the caption's encoding has no objects"):
        ObjectQueries(4, 16, 8)(replace(caption(), objects=None))


def test_queries_of_equal_objects_are_equal_unless_an_index_is_added() -> None:
    given = caption()
    given = encoding(given.pooled, given.tokens.values[:, :1].expand(-1, SLOTS, -1), MASK)
    part = ObjectQueries(SLOTS, 16, 8)
    plain = part(given)
    assert torch.equal(plain.values, plain.values[:, :1].expand_as(plain.values))
    indexed = with_index(plain, index_embedding(part))
    assert torch.pdist(indexed.values[0]).min() > 0.1
    learned = QUERIES["learned"](SLOTS, 16, 8)
    assert index_embedding(learned) is None
    assert with_index(plain, None) is plain
