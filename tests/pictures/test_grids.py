"""A grid shows its pictures unchanged, framed by whether they are correct."""

import numpy as np
import pytest
from PIL import Image

from cvae_lightning.pictures.frames import CORRECT, MARK_COLOUR, NEUTRAL, STRIP, WRONG
from cvae_lightning.pictures.grids import GAP, MOST_COLUMNS, MOST_PICTURES, captioned_grid, paired_grid

PICTURES = [Image.new("RGB", (144, 144), colour) for colour in ((10, 20, 30), (200, 100, 50))]


def row(page: Image.Image, index: int) -> list[tuple[int, ...]]:
    """The pixels left of a picture, from the gap's middle to its first own."""
    x = GAP + index * (144 + GAP)
    return [page.getpixel((x - d, GAP + 72)) for d in (4, 3, 2, 1, 0)]


def mark(page: Image.Image, index: int) -> np.ndarray:
    """(STRIP, 144) where the strip below a picture has the mark's colour."""
    x, y = GAP + index * (144 + GAP), GAP + 144
    return (np.asarray(page.crop((x, y, x + 144, y + STRIP))) == MARK_COLOUR).all(axis=-1)


def test_correct_pictures_are_in_green_and_wrong_ones_in_red() -> None:
    page = captioned_grid(PICTURES, ["one", "two"], correct=[True, False])
    background = (255, 255, 255)
    assert row(page, 0) == [background, CORRECT, CORRECT, CORRECT, (10, 20, 30)]
    assert row(page, 1) == [background, WRONG, WRONG, WRONG, (200, 100, 50)]
    assert page.getpixel((GAP + 143, GAP + 143)) == (10, 20, 30)
    assert page.getpixel((GAP + 144, GAP + 144)) == CORRECT


def test_a_verdict_can_be_read_without_colours() -> None:
    """A tick or a cross below the picture; a cross is its own mirror image and a tick is not."""
    tick, cross = (mark(captioned_grid(PICTURES, ["one", "two"], correct=[True, False]), index) for index in (0, 1))
    for shape in (tick, cross):
        assert shape.any()
        assert shape[:, :10].sum() == shape[-1].sum() == 0
    columns = [np.flatnonzero(shape.any(axis=0)) for shape in (tick, cross)]
    cut = [shape[:, c[0] : c[-1] + 1] for shape, c in zip((tick, cross), columns, strict=True)]
    unlike = [(shape != shape[:, ::-1]).mean() for shape in cut]
    assert unlike[1] < 0.25 < unlike[0]


def test_without_a_verdict_the_frame_is_grey() -> None:
    page = captioned_grid(PICTURES, ["one", "two"])
    assert row(page, 0)[3] == NEUTRAL


@pytest.mark.parametrize("columns", [None, 500])
def test_a_grid_of_many_pictures_shows_the_first_and_says_so(columns: int | None) -> None:
    """500 samples in one row would be 76,000 pixels wide."""
    many = [Image.new("RGB", (8, 8), (number % 256, 0, 0)) for number in range(500)]
    page = captioned_grid(many, ["a red star"] * 500, columns, correct=[True] * 500)
    assert max(page.size) <= MOST_COLUMNS * (144 + GAP) + GAP
    whole = captioned_grid(
        many[:MOST_PICTURES], ["a red star"] * MOST_PICTURES, columns, correct=[True] * MOST_PICTURES
    )
    assert page.width == whole.width
    assert page.height > whole.height
    assert (np.asarray(page)[: whole.height - 4] == np.asarray(whole)[:-4]).all()
    assert max(paired_grid(many, many).size) <= 8 * 2 * (144 + GAP) + 200
