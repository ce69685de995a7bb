"""What a slot paints moves with its place."""

import pytest
import torch

from cvae_lightning.models import Caption
from cvae_lightning.models.decoders.slots import SPREAD, WAVES, PlaceEntrance, cells, waves

SIDE, SLOTS = 8, 3


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def caption(exist: list[bool] | None = None) -> Caption:
    return Caption(torch.randn(1, 8), torch.randn(1, SLOTS, 8), torch.tensor([exist or [True] * SLOTS]))


def entrance() -> PlaceEntrance:
    return PlaceEntrance(2 * SLOTS, SLOTS, 16, 8, SIDE, 8, "things").eval()


def test_cells_are_centres_row_by_row() -> None:
    assert cells(2).tolist() == [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]


def test_what_a_slot_paints_moves_with_its_place() -> None:
    """A place moved by one cell moves the picture by one cell, away from the borders and for one thing alone."""
    part, said = entrance(), caption([True, False, False])
    torch.nn.init.zeros_(part.latent[0].weight)  # the look is the caption's alone, and places are the latent's
    z = torch.zeros(1, 2 * SLOTS)
    moved = z.clone()
    moved[0, :2] = torch.tensor([1.0, -2.0]) * SPREAD / SIDE
    still, shifted = part(z, said), part(moved, said)
    inner = still[..., 3:-1, 1:-2]
    torch.testing.assert_close(shifted[..., 1:-3, 2:-1], inner, atol=1e-5, rtol=1e-4)
    assert (still - shifted).abs().max() > 1e-3


def test_swapping_slots_with_their_captions_changes_nothing() -> None:
    part, said, z = entrance(), caption(), torch.randn(1, SLOTS, 2)
    order = [2, 0, 1]
    swapped = said._replace(states=said.states[:, order])
    torch.testing.assert_close(part(z[:, order].flatten(1), swapped), part(z.flatten(1), said), atol=1e-5, rtol=1e-4)


def test_a_slot_of_one_number_has_no_room_for_a_place() -> None:
    with pytest.raises(ValueError, match="latent_dim 3 in 3 slots: expected at least 2"):
        PlaceEntrance(3, 3, 16, 8, SIDE, 8, "things")


def test_waves_tell_a_distance_from_its_opposite() -> None:
    away = torch.tensor([[0.1, -0.05]])
    assert waves(away).shape == (1, WAVES)
    assert not torch.allclose(waves(away), waves(-away))
