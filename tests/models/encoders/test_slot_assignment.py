"""Slots that choose one after the other find one object each."""

import math

import pytest
import torch
from torch import Tensor

from cvae_lightning.models import SlotAssignment
from cvae_lightning.models.encoders.slot_assignment import assign_slots
from cvae_lightning.models.nn.fourier import cell_centres
from cvae_lightning.world import DEFAULT

SIDE = 16
NEAR = {"atol": 0.4 / SIDE, "rtol": 0}
"""Within less than half a cell: two steps of the mean shift end nearby."""


def blobs(*corners: tuple[int, int], elsewhere: float = -12.0) -> Tensor:
    """Log shares (1, N) of squares of two by two cells with these upper left cells (column, row)."""
    shares = torch.full((SIDE, SIDE), elsewhere)
    for column, row in corners:
        shares[row : row + 2, column : column + 2] = 0.0
    return shares.reshape(1, -1)


def middle(column: int, row: int) -> list[float]:
    return [(column + 1) / SIDE, (row + 1) / SIDE]


def positions(shares: list[Tensor], in_use: list[bool] | None = None) -> Tensor:
    mask = torch.tensor([in_use or [True] * len(shares)])
    votes = cell_centres(SIDE).expand(1, -1, -1)
    return assign_slots(torch.stack(shares, dim=1), votes, mask, SlotAssignment()).positions[0]


def test_a_slot_finds_the_middle_of_its_object() -> None:
    found = positions([blobs((5, 2)), blobs((1, 4))])
    torch.testing.assert_close(found, torch.tensor([middle(5, 2), middle(1, 4)]), **NEAR)


def test_equal_slots_find_one_object_each_in_reading_order() -> None:
    objects = [(4, 0), (1, 3), (5, 5)]
    found = positions([blobs(*reversed(objects))] * 3)
    torch.testing.assert_close(found, torch.tensor([middle(*corner) for corner in objects]), **NEAR)


def test_the_last_one_is_found_amid_a_crowd_of_equal_objects() -> None:
    """Small objects as close as the world puts them, the background not quite ruled out."""
    crowd = [(7, 7), (4, 5), (10, 5), (4, 9), (10, 9)]
    distance = min(math.dist(crowd[0], other) for other in crowd[1:]) / SIDE
    assert distance == pytest.approx(DEFAULT.spacing.between(0.08, 0.0, 0.08, 0.0), abs=0.02)
    found = positions([blobs(*crowd, elsewhere=-5.0)] * len(crowd))
    expected = torch.tensor(sorted(middle(*corner) for corner in crowd))
    torch.testing.assert_close(torch.tensor(sorted(found.tolist())), expected, **NEAR)


def test_a_slot_that_is_not_in_use_takes_nothing_from_the_others() -> None:
    equal = blobs((0, 0), (5, 5))
    found = positions([equal, equal, equal], in_use=[True, False, True])
    torch.testing.assert_close(found[[0, 2]], torch.tensor([middle(0, 0), middle(5, 5)]), **NEAR)


def test_votes_decide_where_an_object_is_and_learn_from_the_position() -> None:
    """A position may lie beside all cells of its object, and its gradient reaches the votes of these cells alone."""
    votes = (cell_centres(SIDE) + torch.tensor([0.1, -0.1])).expand(1, -1, -1).clone().requires_grad_()
    in_use = torch.ones(1, 1, dtype=torch.bool)
    found = assign_slots(blobs((2, 2)).unsqueeze(1), votes, in_use, SlotAssignment())
    torch.testing.assert_close(found.positions[0, 0], torch.tensor(middle(2, 2)) + torch.tensor([0.1, -0.1]), **NEAR)
    found.positions.sum().backward()
    share = votes.grad[0, :, 0].reshape(SIDE, SIDE)
    assert share[2:4, 2:4].sum() == pytest.approx(1, abs=0.05)
    assert share.abs().sum() - share[2:4, 2:4].abs().sum() < 0.01


def test_attention_sums_to_one() -> None:
    shares, votes = torch.stack([blobs((5, 2)), blobs((1, 4))], dim=1), cell_centres(SIDE).expand(1, -1, -1)
    attention = assign_slots(shares, votes, torch.ones(1, 2, dtype=torch.bool), SlotAssignment()).attention
    torch.testing.assert_close(attention.sum(dim=2), torch.ones(1, 2))


def test_constants_out_of_range_are_named() -> None:
    for constants in [{"bandwidth": 0.0}, {"inhibition_radius": -1.0}, {"steps": 0}]:
        with pytest.raises(ValueError, match=r"slot assignment: .* expected positive numbers"):
            SlotAssignment(**constants)
