"""Cell k of the latent belongs to the same place of the image in encoder and decoder."""

from typing import Any

import pytest
import torch

from cvae_lightning.models import CaptionEncoding, GridDecoder, GridEncoder, LatentLayout, Masked

LAYOUT = LatentLayout(latent_dim=32, num_slots=16)
SIZES: dict[str, Any] = {"layout": LAYOUT, "image_size": 32, "patch": 4, "widths": (8, 8), "blocks": (1, 1)}
CAPTION = CaptionEncoding(torch.zeros(1, 8), Masked(torch.zeros(1, 3, 8), torch.ones(1, 3, dtype=torch.bool)))


def beside(cell: int, other: int) -> bool:
    """Whether two cells are one or neighbours, to which convolutions spread what a cell says."""
    (row, column), (other_row, other_column) = divmod(cell, 4), divmod(other, 4)
    return max(abs(row - other_row), abs(column - other_column)) <= 1


def test_a_cell_of_the_latent_paints_its_own_place() -> None:
    torch.manual_seed(0)
    decoder, before = GridDecoder(**SIZES).train(), torch.randn(64, 32)
    for cell in range(16):
        z = before.clone()
        LAYOUT.slots(z)[:, cell] += 0.1
        change = (decoder(z, CAPTION) - decoder(before, CAPTION)).detach().abs().sum(dim=(0, 1))  # (32, 32)
        per_cell = change.unfold(0, 8, 8).unfold(1, 8, 8).sum(dim=(-1, -2)).flatten()  # (16,)
        assert beside(cell, int(per_cell.argmax()))


def test_a_place_of_the_image_changes_its_own_cell() -> None:
    torch.manual_seed(0)
    encoder, white = GridEncoder(**SIZES).eval(), torch.ones(1, 3, 32, 32)
    for cell in range(16):
        image, (row, column) = white.clone(), divmod(cell, 4)
        image[..., 8 * row : 8 * row + 8, 8 * column : 8 * column + 8] = 0
        change = encoder(image, CAPTION).posterior.mean - encoder(white, CAPTION).posterior.mean  # (1, 32)
        assert beside(cell, int(LAYOUT.slots(change)[0].abs().sum(dim=1).argmax()))


def test_the_grid_must_be_the_smallest_map() -> None:
    with pytest.raises(ValueError, match=r"set model.num_slots=16$"):
        GridEncoder(LatentLayout(32, 8), 32, 4, (8, 8), (1, 1))
