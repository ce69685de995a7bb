"""Layers move with their positions, add up, end where objects end, and learn real shapes."""

from typing import Any

import pytest
import torch
from support.encodings import QUERIES, encoding, random_encoding, with_mask, with_values

from cvae_lightning.models import CaptionEncoding, CompositingDecoder, LatentLayout

SCALE = 4.0
"""Of positions in the latent."""


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def caption(in_use: list[bool] | None = None) -> CaptionEncoding:
    return random_encoding(1, 3, 8) if in_use is None else encoding(*random_tensors(), torch.tensor([in_use]))


def random_tensors() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(1, 8), torch.randn(1, 3, 8)


def decoder(kind: str = "objects", latent_dim: int = 6, **changed: Any) -> CompositingDecoder:
    layout, queries = LatentLayout(latent_dim, 3, SCALE), QUERIES[kind](3, 16, 8)
    return CompositingDecoder(layout, queries, **({"image_size": 32, "caption_dim": 8, "hidden": 16} | changed)).train()


def test_a_position_moved_by_pixels_moves_the_picture_by_pixels() -> None:
    part, given = decoder(), caption([True, False, False])
    z = torch.zeros(1, 6)
    moved = z.clone()
    moved[0, :2] = torch.tensor([4.0, -8.0]) / 32 * SCALE
    still, shifted = part(z, given), part(moved, given)
    torch.testing.assert_close(shifted[..., :-8, 4:], still[..., 8:, :-4], atol=1e-5, rtol=1e-4)
    assert (still - part.background[:, None, None]).abs().max() > 0.05


def test_a_slot_is_painted_by_its_query_wherever_it_is() -> None:
    """Three equal slots far apart: three equal pictures, unless a number besides the position tells them apart."""
    apart = torch.tensor([[-8.0, -8.0], [8.0, -8.0], [0.0, 8.0]]) / 32 * SCALE
    given = caption()
    given = with_values(given, given.tokens.values[:, :1].expand(-1, 3, -1))
    for extra, equal in ((0, True), (1, False)):
        part = decoder(latent_dim=6 + 3 * extra, reach=0.125)
        z = torch.cat([apart, torch.randn(3, extra)], dim=1).reshape(1, -1)
        images = part(z, given)[0]
        crops = torch.stack([images[:, y - 4 : y + 4, x - 4 : x + 4] for y, x in ((8, 8), (8, 24), (24, 16))])
        assert torch.allclose(crops, crops[:1].expand_as(crops), atol=1e-4) == equal


def test_layers_add_up() -> None:
    part, given, z = decoder(), caption(), torch.randn(1, 6)
    background = part.background[:, None, None]
    alone = [part(z, with_mask(given, torch.tensor([[k == slot for k in range(3)]]))) - background for slot in range(3)]
    torch.testing.assert_close(part(z, given), background + sum(alone), atol=1e-5, rtol=1e-4)


def test_a_slot_paints_no_further_than_it_reaches() -> None:
    part, given = decoder(reach=0.125), caption([True, False, False])
    picture = (part(torch.zeros(1, 6), given) - part.background[:, None, None]).abs().sum(dim=1)[0]
    assert picture[12:21, 12:21].min() > 0
    assert picture[:12].max() == picture[:, :12].max() == picture[24:].max() == 0


def test_positions_off_the_canvas_are_not_an_error() -> None:
    z = torch.tensor([[40.0, 40.0, -40.0, 0.0, 2.1, -2.1]])
    assert decoder()(z, caption()).isfinite().all()


def test_swapping_slots_with_their_captions_changes_nothing() -> None:
    part, given, z, order = decoder(), caption(), torch.randn(1, 3, 2), [2, 0, 1]
    swapped = with_values(given, given.tokens.values[:, order])
    torch.testing.assert_close(part(z[:, order].flatten(1), swapped), part(z.flatten(1), given), atol=1e-5, rtol=1e-4)


def test_pictures_are_bounded_where_they_are_used() -> None:
    part, given, z = decoder(), caption(), torch.zeros(1, 6)
    torch.nn.init.constant_(part.colour.bias, -2.0)
    raw = part(z, given)
    assert raw.min() < 0
    assert torch.equal(part.eval()(z, given), raw.clamp(0, 1))


def test_learned_slots_attend_to_any_caption() -> None:
    given = random_encoding(1, 5, 8)
    part, z = decoder("learned"), torch.randn(1, 6)
    assert not torch.allclose(part(z, given), part(z, with_values(given, given.tokens.values.flip(2))))


@pytest.mark.slow
def test_given_positions_shapes_are_learned_to_the_pixel() -> None:
    """A red disc and a blue ring where the latent says: soon most of what a blank canvas gets wrong is right."""
    part, given = decoder(hidden=64), caption([True, True, False])
    optimizer = torch.optim.Adam(part.parameters(), lr=5e-3)
    errors, blanks = [], []
    y, x = (torch.stack(torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")) + 0.5) / 32
    for step in range(250):
        positions = torch.rand(2, 2, generator=torch.Generator().manual_seed(step)) * 0.5 + 0.25
        radii = ((x - positions[:, 0, None, None]).square() + (y - positions[:, 1, None, None]).square()).sqrt()
        alpha = torch.stack([radii[0] < 0.15, (radii[1] < 0.2) & (radii[1] > 0.1)]).float()
        truth = 1 - 0.8 * alpha[0] * torch.tensor([1.0, 0, 0])[:, None, None]
        truth = truth - 0.8 * alpha[1] * torch.tensor([0, 0, 1.0])[:, None, None]
        z = torch.cat([SCALE * (positions - 0.5).flatten(), torch.zeros(2)])[None]
        error = (part(z, given) - truth).square().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(float(error.detach()))
        blanks.append(float((1 - truth).square().mean()))
    assert sum(errors[-50:]) < 0.2 * sum(blanks[-50:])


def test_sizes_that_do_not_fit_are_named() -> None:
    for sizes, named in [
        ({"image_size": 30}, "image_size 30 does not divide into patches of 4"),
        ({"reach": 0.0}, r"decoder.reach is 0.0: expected a share .* above 0"),
        ({"latent_dim": 3}, "latent_dim 3 in 3 slots: expected at least 2"),
        ({"latent_dim": 7}, "latent_dim 7 does not divide into 3 slots"),
    ]:
        with pytest.raises(ValueError, match=named):
            decoder(**sizes)


def test_slots_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match="ObjectQueries has 2 slots, but the latent's layout has 3"):
        CompositingDecoder(LatentLayout(6, 3, SCALE), QUERIES["objects"](2, 16, 8), caption_dim=8)
    with pytest.raises(ValueError, match="slots have no position"):
        CompositingDecoder(LatentLayout(6, 3), QUERIES["objects"](3, 16, 8), caption_dim=8)
