"""A latent is read as slots, positions, radii and presences, and written back as it was."""

from dataclasses import FrozenInstanceError, asdict
from typing import Any

import pytest
import torch

from cvae_lightning.models import LatentLayout, blueprint, build
from cvae_lightning.models.latent_layout import SlotNumbers


@pytest.mark.parametrize(
    ("sizes", "radius", "presence"),
    [
        ((20, 10, 4.0), None, None),
        ((12, 4, 4.0), None, None),
        ((9, 1, 1.5), None, None),
        ((30, 10, 4.0), 16.0, None),
        ((12, 3, 0.1), 3.0, 2.0),
        ((12, 2, 4.0), None, 1.0),
    ],
)
def test_split_and_join_are_inverses(sizes: Any, radius: float | None, presence: float | None) -> None:
    layout = LatentLayout(*sizes, radius_scale=radius, presence_scale=presence)
    drawn = SlotNumbers(
        torch.rand(5, layout.num_slots, 2),
        None if radius is None else 0.5 + torch.rand(5, layout.num_slots),
        None if presence is None else torch.rand(5, layout.num_slots) > 0.5,
        torch.randn(5, layout.num_slots, layout.rest_dim),
    )
    z = layout.join(drawn)
    assert z.shape == (5, layout.latent_dim)
    for found, expected in zip(layout.split(z), drawn, strict=True):
        assert (found is None) == (expected is None)
        if found is not None and expected is not None:
            torch.testing.assert_close(found, expected)
    torch.testing.assert_close(layout.join(layout.split(z)), z)


def test_positions_are_scaled_around_the_middle_of_the_canvas() -> None:
    layout = LatentLayout(6, 2, 4.0)
    corners = torch.tensor([[[0.0, 1.0], [0.5, 0.25]]])
    assert layout.scaled(corners).tolist() == [[[-2.0, 2.0], [0.0, -1.0]]]
    rest = torch.tensor([[[7.0], [8.0]]])
    assert layout.join(SlotNumbers(corners, None, None, rest)).tolist() == [[-2.0, 2.0, 7.0, 0.0, -1.0, 8.0]]


def test_a_radius_is_stored_by_its_logarithm_and_a_presence_by_its_sign() -> None:
    layout = LatentLayout(4, 1, 4.0, radius_scale=2.0, presence_scale=3.0)
    numbers = layout.split(torch.tensor([[0.0, 0.0, 2.0, -0.1]]))
    assert numbers.factors is not None
    assert numbers.present is not None
    torch.testing.assert_close(numbers.factors, torch.tensor([[torch.e]]))
    assert numbers.present.tolist() == [[False]]
    assert layout.presence_of(torch.tensor([[True, False]])).tolist() == [[3.0, -3.0]]


def test_slots_are_rows_of_the_latent() -> None:
    layout = LatentLayout(6, 3)
    assert layout.slot_dim == layout.rest_dim == 2
    assert layout.slots(torch.arange(6.0)[None]).tolist() == [[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]]
    assert LatentLayout(6).slots(torch.zeros(2, 6)).shape == (2, 1, 6)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((12, 5), "latent_dim 12 does not divide into 5 slots"),
        ((12, 0), "latent_dim 12 does not divide into 0 slots"),
        ((0, 1), "latent_dim 0 does not divide into 1 slots"),
        ((3, 3, 4.0), "latent_dim 3 in 3 slots: expected at least 2 numbers per slot, for its position"),
        ((6, 3, 4.0, 1.0), "at least 3 numbers per slot, for its position and radius"),
        ((9, 3, 4.0, 1.0, 1.0), "at least 4 numbers per slot, for its position and radius and presence"),
        ((6, 3, 0.0), "position_scale is 0.0: expected a number above 0"),
        ((6, 3, -1.0), "position_scale is -1.0"),
        ((6, 3, float("nan")), "position_scale is nan"),
        ((9, 3, 4.0, -2.0), "radius_scale is -2.0"),
        ((9, 3, None, 2.0), "radius_scale is of slots with a position"),
        ((9, 3, None, None, 2.0), "presence_scale is of slots with a position"),
    ],
)
def test_layouts_that_do_not_fit_are_named(arguments: Any, named: str) -> None:
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
        layout.latent_dim = 5  # type: ignore[misc]
    assert blueprint(layout) == {"part": "LatentLayout", **asdict(layout)}
    assert build(blueprint(layout)) == layout
