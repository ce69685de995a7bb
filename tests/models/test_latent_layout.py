"""A latent is read as slots and positions, and written back as it was."""

from dataclasses import FrozenInstanceError

import pytest
import torch

from cvae_lightning.models import LatentLayout, blueprint, build


@pytest.mark.parametrize(("latent_dim", "slots", "scale"), [(20, 10, 4.0), (12, 4, 4.0), (9, 1, 1.5), (6, 3, 0.1)])
def test_split_and_join_are_inverses(latent_dim: int, slots: int, scale: float) -> None:
    layout, z = LatentLayout(latent_dim, slots, scale), torch.randn(5, latent_dim)
    positions, rest = layout.split(z)
    assert positions.shape == (5, slots, 2)
    assert rest.shape == (5, slots, latent_dim // slots - 2)
    torch.testing.assert_close(layout.join(positions, rest), z)
    drawn, other = torch.rand(5, slots, 2), torch.randn(5, slots, layout.slot_dim - 2)
    for found, expected in zip(layout.split(layout.join(drawn, other)), (drawn, other), strict=True):
        torch.testing.assert_close(found, expected)


def test_positions_are_scaled_around_the_middle_of_the_canvas() -> None:
    layout = LatentLayout(6, 2, 4.0)
    corners = torch.tensor([[[0.0, 1.0], [0.5, 0.25]]])
    assert layout.scaled(corners).tolist() == [[[-2.0, 2.0], [0.0, -1.0]]]
    assert layout.join(corners, torch.tensor([[[7.0], [8.0]]])).tolist() == [[-2.0, 2.0, 7.0, 0.0, -1.0, 8.0]]


def test_slots_are_rows_of_the_latent() -> None:
    layout = LatentLayout(6, 3)
    assert layout.slot_dim == 2
    assert layout.slots(torch.arange(6.0)[None]).tolist() == [[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]]
    assert LatentLayout(6).slots(torch.zeros(2, 6)).shape == (2, 1, 6)


def test_layouts_that_do_not_fit_are_named() -> None:
    for arguments, named in [
        ((12, 5), "latent_dim 12 does not divide into 5 slots"),
        ((12, 0), "latent_dim 12 does not divide into 0 slots"),
        ((0, 1), "latent_dim 0 does not divide into 1 slots"),
        ((3, 3, 4.0), "latent_dim 3 in 3 slots: expected at least 2 numbers per slot"),
        ((6, 3, 0.0), "position_scale is 0.0: expected a number above 0"),
        ((6, 3, -1.0), "position_scale is -1.0"),
        ((6, 3, float("nan")), "position_scale is nan"),
    ]:
        with pytest.raises(ValueError, match=named):
            LatentLayout(*arguments)


def test_a_layout_without_positions_cannot_be_split() -> None:
    layout = LatentLayout(6, 3)
    for use in (lambda: layout.split(torch.zeros(1, 6)), lambda: layout.scaled(torch.zeros(1, 3, 2))):
        with pytest.raises(ValueError, match="the layout's slots have no position: give position_scale"):
            use()


def test_a_layout_is_frozen_plain_data() -> None:
    layout = LatentLayout(20, 10, 4.0)
    with pytest.raises(FrozenInstanceError):
        layout.latent_dim = 5
    assert blueprint(layout) == {"part": "LatentLayout", "latent_dim": 20, "num_slots": 10, "position_scale": 4.0}
    assert build(blueprint(layout)) == layout
