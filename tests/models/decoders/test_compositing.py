"""Layers move with their places, add up, end where things end, and learn real shapes."""

import pytest
import torch

from cvae_lightning.models import Caption, CompositingDecoder, blueprint, build
from cvae_lightning.models.decoders.slots import SPREAD

SIZES = {"image_size": 32, "latent_dim": 6, "caption_dim": 8, "slots": 3, "slot_width": 16, "hidden": 16}


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def caption(exist: list[bool] | None = None) -> Caption:
    return Caption(torch.randn(1, 8), torch.randn(1, 3, 8), torch.tensor([exist or [True] * 3]))


def decoder(**changed: object) -> CompositingDecoder:
    return CompositingDecoder(**(SIZES | changed)).train()


def test_a_place_moved_by_pixels_moves_the_picture_by_pixels() -> None:
    part, said = decoder(), caption([True, False, False])
    z = torch.zeros(1, 6)
    moved = z.clone()
    moved[0, :2] = torch.tensor([4.0, -8.0]) / 32 * SPREAD
    still, shifted = part(z, said), part(moved, said)
    torch.testing.assert_close(shifted[..., :-8, 4:], still[..., 8:, :-4], atol=1e-5, rtol=1e-4)
    assert (still - part.paper[:, None, None]).abs().max() > 0.05


def test_a_slot_looks_like_what_is_said_of_it_wherever_it_is() -> None:
    """Three alike slots far apart: one picture thrice, unless a number of theirs besides the place tells them apart."""
    apart = torch.tensor([[-8.0, -8.0], [8.0, -8.0], [0.0, 8.0]]) / 32 * SPREAD
    said = caption()
    said = said._replace(states=said.states[:, :1].expand(-1, 3, -1))
    for extra, alike in ((0, True), (1, False)):
        part = decoder(latent_dim=6 + 3 * extra, reach=0.125)
        z = torch.cat([apart, torch.randn(3, extra)], dim=1).reshape(1, -1)
        images = part(z, said)[0]
        seen = torch.stack([images[:, y - 4 : y + 4, x - 4 : x + 4] for y, x in ((8, 8), (8, 24), (24, 16))])
        assert torch.allclose(seen, seen[:1].expand_as(seen), atol=1e-4) == alike


def test_layers_add_up() -> None:
    part, said, z = decoder(), caption(), torch.randn(1, 6)
    paper = part.paper[:, None, None]
    alone = [part(z, said._replace(mask=torch.tensor([[k == slot for k in range(3)]]))) - paper for slot in range(3)]
    torch.testing.assert_close(part(z, said), paper + sum(alone), atol=1e-5, rtol=1e-4)


def test_a_slot_paints_no_further_than_it_reaches() -> None:
    part, said = decoder(reach=0.125), caption([True, False, False])
    picture = (part(torch.zeros(1, 6), said) - part.paper[:, None, None]).abs().sum(dim=1)[0]
    assert picture[12:21, 12:21].min() > 0
    assert picture[:12].max() == picture[:, :12].max() == picture[24:].max() == 0


def test_places_off_the_canvas_are_no_error() -> None:
    z = torch.tensor([[40.0, 40.0, -40.0, 0.0, 2.1, -2.1]])
    assert decoder()(z, caption()).isfinite().all()


def test_swapping_slots_with_their_captions_changes_nothing() -> None:
    part, said, z, order = decoder(), caption(), torch.randn(1, 3, 2), [2, 0, 1]
    swapped = said._replace(states=said.states[:, order])
    torch.testing.assert_close(part(z[:, order].flatten(1), swapped), part(z.flatten(1), said), atol=1e-5, rtol=1e-4)


def test_pictures_are_bounded_where_they_are_used() -> None:
    part, said, z = decoder(), caption(), torch.zeros(1, 6)
    torch.nn.init.constant_(part.colour.bias, -2.0)
    raw = part(z, said)
    assert raw.min() < 0
    assert torch.equal(part.eval()(z, said), raw.clamp(0, 1))


def test_learned_slots_look_at_any_caption() -> None:
    said = Caption(torch.randn(1, 8), torch.randn(1, 5, 8), torch.ones(1, 5, dtype=torch.bool))
    part, z = decoder(conditioning="cross_attention"), torch.randn(1, 6)
    assert not torch.allclose(part(z, said), part(z, said._replace(states=said.states.flip(2))))


def test_a_blueprint_rebuilds_it() -> None:
    part, said, z = decoder(), caption(), torch.randn(1, 6)
    twin = build(blueprint(part))
    twin.load_state_dict(part.state_dict())
    torch.testing.assert_close(twin(z, said), part(z, said), rtol=0, atol=0)


def test_given_places_shapes_are_learned_to_the_pixel() -> None:
    """A red disc and a blue ring where the latent says: soon most of what a blank canvas gets wrong is right."""
    part, said = decoder(hidden=64), caption([True, True, False])
    optimizer = torch.optim.Adam(part.parameters(), lr=5e-3)
    errors, blanks = [], []
    y, x = (torch.stack(torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")) + 0.5) / 32
    for step in range(250):
        places = torch.rand(2, 2, generator=torch.Generator().manual_seed(step)) * 0.5 + 0.25
        radii = ((x - places[:, 0, None, None]).square() + (y - places[:, 1, None, None]).square()).sqrt()
        cover = torch.stack([radii[0] < 0.15, (radii[1] < 0.2) & (radii[1] > 0.1)]).float()
        truth = 1 - 0.8 * cover[0] * torch.tensor([1.0, 0, 0])[:, None, None]
        truth = truth - 0.8 * cover[1] * torch.tensor([0, 0, 1.0])[:, None, None]
        z = torch.cat([SPREAD * (places - 0.5).flatten(), torch.zeros(2)])[None]
        error = (part(z, said) - truth).square().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(float(error.detach()))
        blanks.append(float((1 - truth).square().mean()))
    assert sum(errors[-50:]) < 0.2 * sum(blanks[-50:])


@pytest.mark.parametrize(
    ("sizes", "named"),
    [
        ({"image_size": 30}, "image_size 30 does not divide into patches of 4"),
        ({"reach": 0.0}, r"decoder.reach is 0.0: expected a share .* above 0"),
        ({"latent_dim": 3}, "latent_dim 3 in 3 slots: expected at least 2"),
        ({"latent_dim": 7}, "latent_dim 7 does not divide into 3 slots"),
        ({"conditioning": "film"}, "'film': expected one of cross_attention, things"),
    ],
)
def test_sizes_that_do_not_fit_are_named(sizes: dict, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        decoder(**sizes)
