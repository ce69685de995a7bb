"""Slots that take turns find one thing each, and the sketch tells them which things are theirs."""

import math

import pytest
import torch

from cvae_lightning.models import Caption
from cvae_lightning.models.decoders.slots import SPREAD, cells
from cvae_lightning.models.encoders.edge_features import LOOKS, looks, uncoloured
from cvae_lightning.models.encoders.slots import PlaceHead, take_turns
from cvae_lightning.world.placement import gap
from cvae_lightning.world.scene import SIZES

SIDE = 16
NEAR = {"atol": 0.4 / SIDE, "rtol": 0}
"""Within less than half a cell: two steps of the mean shift end nearby."""


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def blobs(*corners: tuple[int, int], elsewhere: float = -12.0) -> torch.Tensor:
    """Log shares (1, N) of squares of two by two cells with these upper left cells (column, row)."""
    shares = torch.full((SIDE, SIDE), elsewhere)
    for column, row in corners:
        shares[row : row + 2, column : column + 2] = 0.0
    return shares.reshape(1, -1)


def middle(column: int, row: int) -> list[float]:
    return [(column + 1) / SIDE, (row + 1) / SIDE]


def places(shares: list[torch.Tensor], exist: list[bool] | None = None) -> torch.Tensor:
    there = torch.tensor([exist or [True] * len(shares)])
    return take_turns(torch.stack(shares, dim=1), cells(SIDE).expand(1, -1, -1), there).places[0]


def test_a_slot_finds_the_middle_of_its_thing() -> None:
    found = places([blobs((5, 2)), blobs((1, 4))])
    torch.testing.assert_close(found, torch.tensor([middle(5, 2), middle(1, 4)]), **NEAR)


def test_alike_slots_find_a_thing_each_in_reading_order() -> None:
    things = [(4, 0), (1, 3), (5, 5)]
    found = places([blobs(*reversed(things))] * 3)
    torch.testing.assert_close(found, torch.tensor([middle(*thing) for thing in things]), **NEAR)


def test_the_last_one_is_found_amid_a_crowd_of_its_like() -> None:
    """Small things as close as the world puts them, the paper not quite ruled out."""
    crowd = [(7, 7), (4, 5), (10, 5), (4, 9), (10, 9)]
    apart = min(math.dist(crowd[0], other) for other in crowd[1:]) / SIDE
    assert apart == pytest.approx(gap(SIZES["small"], SIZES["small"]), abs=0.02)
    found = places([blobs(*crowd, elsewhere=-5.0)] * len(crowd))
    expected = torch.tensor(sorted(middle(*thing) for thing in crowd))
    torch.testing.assert_close(torch.tensor(sorted(found.tolist())), expected, **NEAR)


def test_a_slot_that_stands_for_nothing_takes_nothing_from_the_others() -> None:
    alike = blobs((0, 0), (5, 5))
    found = places([alike, alike, alike], exist=[True, False, True])
    torch.testing.assert_close(found[[0, 2]], torch.tensor([middle(0, 0), middle(5, 5)]), **NEAR)


def test_votes_decide_where_a_thing_is_and_learn_from_the_place() -> None:
    """A place may lie beside all cells of its thing, and pulling at the place pulls at the votes of its cells alone."""
    votes = (cells(SIDE) + torch.tensor([0.1, -0.1])).expand(1, -1, -1).clone().requires_grad_()
    found = take_turns(blobs((2, 2)).unsqueeze(1), votes, torch.ones(1, 1, dtype=torch.bool))
    torch.testing.assert_close(found.places[0, 0], torch.tensor(middle(2, 2)) + torch.tensor([0.1, -0.1]), **NEAR)
    found.places.sum().backward()
    share = votes.grad[0, :, 0].reshape(SIDE, SIDE)
    assert share[2:4, 2:4].sum() == pytest.approx(1, abs=0.05)
    assert share.abs().sum() - share[2:4, 2:4].abs().sum() < 0.01


def head(slots: int = 2, size: int = 2) -> PlaceHead:
    return PlaceHead(size * slots, slots, 16, LOOKS, SIDE, 8, "things")


def caption(slots: int = 2) -> Caption:
    return Caption(torch.randn(1, 8), torch.randn(1, slots, 8), torch.ones(1, slots, dtype=torch.bool))


def test_the_first_two_numbers_of_a_slot_are_its_place() -> None:
    part = head(size=3)
    torch.nn.init.zeros_(part.out[1].weight)
    torch.nn.init.zeros_(part.out[1].bias)
    seen = {}
    part.place.register_forward_hook(lambda module, given, result: seen.update(moved=given[0]))
    mean, _, _ = part(torch.randn(1, LOOKS, SIDE, SIDE), caption(), torch.rand(1, 3, 16, 16), torch.rand(1, 1, 16, 16))
    latents = mean.reshape(1, 2, 3)
    torch.testing.assert_close(latents[..., :2], seen["moved"])
    assert not latents[..., 2].any()
    assert latents.abs().max() < SPREAD


def test_a_sketch_teaches_slots_their_colours() -> None:
    """Two slots, a red and a blue thing: by its sketch alone each learns to look at one of them, wherever it is.

    Nothing says which slot is the red one's, so which is a matter of how they began.
    """
    part, said = head(), caption(2)
    shares = torch.optim.Adam(part.parameters(), lr=3e-3)
    colours = torch.tensor([[0.9, 0.1, 0.1], [0.1, 0.1, 0.9]])
    for step in range(150):
        images, _ = scene(step, colours)
        shares.zero_grad()
        _, _, loss = part(torch.zeros(1, LOOKS, SIDE, SIDE), said, images, uncoloured(images, torch.ones(3)))
        loss.mean().backward()
        shares.step()
    images, where = scene(1000, colours)
    small = torch.nn.functional.adaptive_avg_pool2d(images, SIDE).flatten(2).transpose(1, 2)
    slots = part.read(said)
    told, coloured = part._scores(part.slot_norm(slots.tokens), part.norm(torch.zeros(1, SIDE**2, LOOKS)), small)
    log_shares = part._compete(told + coloured, slots)
    found = take_turns(log_shares[:, :-1], cells(SIDE).expand(1, -1, -1), slots.exist).places[0]
    swapped = (found - where).abs().sum() > (found - where.flip(0)).abs().sum()
    torch.testing.assert_close(found, where.flip(0) if swapped else where, **NEAR)


def test_looks_teach_slots_of_one_colour_their_shapes() -> None:
    """Two blue bars, one lying and one standing: by the lessons alone each slot learns which is its own."""
    part, said = head(), caption(2)
    steps = torch.optim.Adam(part.parameters(), lr=3e-3)
    for step in range(200):
        images, _ = bars(step)
        steps.zero_grad()
        part(features(images), said, images, uncoloured(images, torch.ones(3)))[2].mean().backward()
        steps.step()
    right = []
    for number in range(1000, 1008):
        images, standing = bars(number)
        slots, grid = part.read(said), part.norm(features(images).flatten(2).mT)
        told = part._scores(part.slot_norm(slots.tokens), grid, torch.zeros(1, SIDE**2, 3))[0][0]
        owner = (told[1] > told[0]).reshape(SIDE, SIDE)
        blue = images[0, 0] < 0.5
        right.append((owner == standing)[blue].float().mean().item())
    assert min(right) > 0.9 or max(right) < 0.1, "either slot may take the standing bars, but always the same"


def features(images: torch.Tensor) -> torch.Tensor:
    return looks(uncoloured(images, torch.ones(3)), SIDE).mT.unflatten(2, (SIDE, SIDE))


def bars(number: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A white canvas of SIDE px with a lying and a standing blue bar, and where the half of the standing one is."""
    generator = torch.Generator().manual_seed(number)
    images, standing = torch.ones(1, 3, SIDE, SIDE), torch.zeros(SIDE, SIDE, dtype=torch.bool)
    row, column = torch.randint(2, SIDE - 7, (2,), generator=generator).tolist()
    left = bool(torch.rand(1, generator=generator) < 0.5)
    half = SIDE // 2
    images[0, :2, row : row + 5, half * (not left) + 3] = 0.1
    images[0, :2, column, half * left + 1 : half * left + 6] = 0.1
    standing[:, half * (not left) : half * (not left) + half] = True
    return images, standing


def scene(number: int, colours: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """White canvases of SIDE px with two 2 px squares, one left and one right, in one order or the other."""
    generator = torch.Generator().manual_seed(number)
    images, rows = torch.ones(1, 3, SIDE, SIDE), torch.randint(0, 15, (2,), generator=generator)
    columns = torch.tensor([3, 11])[torch.randperm(2, generator=generator)]
    for colour, row, column in zip(colours, rows, columns, strict=True):
        images[0, :, row : row + 2, column : column + 2] = colour[:, None, None]
    return images, torch.stack([columns + 1, rows + 1], dim=1) / SIDE


def test_a_slot_of_one_number_has_no_room_for_a_place() -> None:
    with pytest.raises(ValueError, match="latent_dim 3 in 3 slots: expected at least 2"):
        head(3, 1)
