"""What a caption does not name has no place in the latent; what it names has one of its own."""

import pytest
import torch

from cvae_lightning.models import Caption, ResidualDecoder, ResidualEncoder, StandardPrior
from cvae_lightning.models.nn.slot_queries import CaptionSlots

SLOTS, SIZE = 4, 3
MASK = torch.tensor([[True, True, False, False], [True, False, True, True]])
SHAPE = {"image_size": 16, "latent_dim": SLOTS * SIZE, "caption_dim": 8, "widths": (16, 16), "blocks": (0, 1)}


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def caption() -> Caption:
    return Caption(torch.randn(2, 8), torch.randn(2, SLOTS, 8) * MASK.unsqueeze(-1), MASK)


def by_slot(values: torch.Tensor) -> torch.Tensor:
    """(B, Z) -> (B, slots, Z / slots)."""
    return values.unflatten(1, (SLOTS, SIZE))


def test_an_unnamed_thing_has_the_prior_as_its_posterior_and_costs_nothing() -> None:
    encoder = ResidualEncoder(**SHAPE, conditioning="things", slots=SLOTS)
    posterior = encoder(torch.rand(2, 3, 16, 16), caption()).posterior
    rate = StandardPrior(SLOTS * SIZE).rate(posterior, caption())
    for values in (*posterior, rate):
        assert not by_slot(values)[~MASK].any()
        assert by_slot(values)[MASK].abs().min() > 0


def test_the_latent_of_an_unnamed_thing_never_shows() -> None:
    decoder, said, z = ResidualDecoder(**SHAPE, conditioning="things", slots=SLOTS), caption(), torch.randn(2, 12)
    image = decoder(z, said)
    for row, slot in [(row, slot) for row in range(2) for slot in range(SLOTS)]:
        other = z.clone()
        by_slot(other)[row, slot] += 100
        changed = (decoder(other, said) - image).abs().amax(dim=(1, 2, 3))
        assert changed[1 - row] == 0
        assert (changed[row] > 1e-3) == MASK[row, slot]


def test_in_cross_attention_every_slot_counts() -> None:
    parts = {**SHAPE, "conditioning": "cross_attention", "slots": SLOTS}
    said, z = caption(), torch.randn(2, 12)
    posterior = ResidualEncoder(**parts)(torch.rand(2, 3, 16, 16), said).posterior
    assert posterior.log_sigma.max() < -1
    assert posterior.mean.abs().min() > 0
    decoder = ResidualDecoder(**parts)
    image = decoder(z, said)
    for slot in range(SLOTS):
        other = z.clone()
        by_slot(other)[:, slot] += 1
        assert (decoder(other, said) - image).abs().amax(dim=(1, 2, 3)).min() > 1e-4


@pytest.mark.parametrize("conditioning", ["cross_attention", "things"])
def test_states_that_are_no_tokens_never_matter_and_others_do(conditioning: str) -> None:
    parts = {**SHAPE, "conditioning": conditioning, "slots": SLOTS}
    encoder, decoder, images, z = ResidualEncoder(**parts), ResidualDecoder(**parts), *_inputs()
    said = caption()
    noise = 10 * torch.randn_like(said.states)
    for same, told in ((True, noise * ~MASK.unsqueeze(-1)), (False, noise * MASK.unsqueeze(-1))):
        other = said._replace(states=said.states + told)
        assert torch.equal(encoder(images, other).posterior.mean, encoder(images, said).posterior.mean) is same
        assert torch.equal(decoder(z, other), decoder(z, said)) is same


def _inputs() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.rand(2, 3, 16, 16), torch.randn(2, SLOTS * SIZE)


@pytest.mark.parametrize("kind", [ResidualEncoder, ResidualDecoder])
def test_slots_that_do_not_fit_are_named(kind) -> None:
    for slots in (5, 0):
        with pytest.raises(ValueError, match=f"latent_dim 12 does not divide into {slots} slots"):
            kind(**SHAPE, slots=slots)
    with pytest.raises(ValueError, match="'words': expected one of cross_attention, things"):
        CaptionSlots(4, 16, 8, "words")


def test_slots_of_alike_things_are_equal_unless_they_are_numbered() -> None:
    said = caption()
    said = said._replace(states=said.states[:, :1].expand(-1, SLOTS, -1))
    plain, numbered = (CaptionSlots(SLOTS, 16, 8, "things", numbered=told)(said).tokens for told in (False, True))
    assert torch.equal(plain, plain[:, :1].expand_as(plain))
    assert torch.pdist(numbered[0]).min() > 0.1
