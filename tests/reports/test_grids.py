"""A grid shows its pictures unchanged, framed by whether they are right."""

from PIL import Image

from cvae_lightning.reports.grids import GAP, OUTLINE, RIGHT, WRONG, captioned_grid

PICTURES = [Image.new("RGB", (144, 144), colour) for colour in ((10, 20, 30), (200, 100, 50))]


def row(page: Image.Image, place: int) -> list[tuple[int, ...]]:
    """The pixels left of a picture, from the gap's middle to its first own."""
    x = GAP + place * (144 + GAP)
    return [page.getpixel((x - d, GAP + 72)) for d in (4, 3, 2, 1, 0)]


def test_right_pictures_are_in_green_and_wrong_ones_in_red() -> None:
    page = captioned_grid(PICTURES, ["one", "two"], right=[True, False])
    paper = (255, 255, 255)
    assert row(page, 0) == [paper, RIGHT, RIGHT, RIGHT, (10, 20, 30)]
    assert row(page, 1) == [paper, WRONG, WRONG, WRONG, (200, 100, 50)]
    assert page.getpixel((GAP + 143, GAP + 143)) == (10, 20, 30)
    assert page.getpixel((GAP + 144, GAP + 144)) == RIGHT


def test_without_a_verdict_the_frame_is_grey() -> None:
    page = captioned_grid(PICTURES, ["one", "two"])
    assert row(page, 0)[3] == OUTLINE
