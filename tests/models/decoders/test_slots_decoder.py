"""What a slot writes moves with its position."""

import pytest
import torch
from support.encodings import encoding, slot_arguments, with_values
from torch import Tensor

from cvae_lightning.models import CaptionEncoding, SlotDecoder

SIDE, SLOTS, SCALE = 8, 3, 4.0


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def caption(in_use: list[bool] | None = None) -> CaptionEncoding:
    return encoding(torch.randn(1, 8), torch.randn(1, SLOTS, 8), torch.tensor([in_use or [True] * SLOTS]))


def decoder() -> SlotDecoder:
    """A decoder whose pixels show the grid: its body has no blocks, and a random exit."""
    arguments = slot_arguments(2 * SLOTS, SLOTS, 8, "objects")
    return SlotDecoder(image_size=4 * SIDE, widths=(8,), blocks=(0,), **arguments).train()


def grid(part: SlotDecoder, z: Tensor, given: CaptionEncoding) -> Tensor:
    """The feature grid (B, 8, SIDE, SIDE) that the body gets."""
    found = []
    hook = part.body.register_forward_hook(lambda module, arguments, result: found.append(arguments[0]))
    part(z, given)
    hook.remove()
    return found[0]


def test_what_a_slot_writes_moves_with_its_position() -> None:
    """A position moved by one cell moves the grid by one cell, away from the borders and for one object alone."""
    part, given = decoder(), caption([True, False, False])
    torch.nn.init.zeros_(part.latent[0].weight)  # the latent gives positions alone, and what is written is the query's
    z = torch.zeros(1, 2 * SLOTS)
    moved = z.clone()
    moved[0, :2] = torch.tensor([1.0, -2.0]) * SCALE / SIDE
    still, shifted = grid(part, z, given), grid(part, moved, given)
    inner = still[..., 3:-1, 1:-2]
    torch.testing.assert_close(shifted[..., 1:-3, 2:-1], inner, atol=1e-5, rtol=1e-4)
    assert (still - shifted).abs().max() > 1e-3


def test_swapping_slots_with_their_captions_changes_nothing() -> None:
    part, given, z = decoder(), caption(), torch.randn(1, SLOTS, 2)
    order = [2, 0, 1]
    swapped = with_values(given, given.tokens.values[:, order])
    found, expected = grid(part, z[:, order].flatten(1), swapped), grid(part, z.flatten(1), given)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_a_slot_of_one_number_has_no_room_for_a_position() -> None:
    with pytest.raises(ValueError, match="latent_dim 3 in 3 slots: expected at least 2"):
        SlotDecoder(image_size=4 * SIDE, **slot_arguments(3, 3, 8, "objects"))
