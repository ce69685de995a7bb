"""One reader for pictures of every format and mode: what comes out are the pixels that a person would see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvae_lightning.errors import UserError
from cvae_lightning.runs.images import LARGEST_SIDE, caption_of, open_image, read_image, save_image

RED, BLUE, WHITE = (220, 40, 40), (45, 80, 215), (255, 255, 255)


def two_halves(left: tuple[int, ...], right: tuple[int, ...], mode: str = "RGB") -> Image.Image:
    """8 x 8 px, one colour on the left and another on the right."""
    image = Image.new(mode, (8, 8), left)
    image.paste(right, (4, 0, 8, 8))
    return image


def corners(path: Path) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The first pixel of the first row and the last of the last."""
    pixels = np.asarray(read_image(path)).astype(int)
    assert pixels.shape == (8, 8, 3)
    return tuple(pixels[0, 0].tolist()), tuple(pixels[-1, -1].tolist())


def near(found: tuple[int, ...], expected: tuple[int, ...], within: int) -> bool:
    return max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= within


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_alpha_is_laid_over_white(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    two_halves((0, 0, 0, 0), (*BLUE, 255), "RGBA").save(path, lossless=True)
    assert corners(path) == (WHITE, BLUE)


def test_half_transparent_black_is_grey(tmp_path: Path) -> None:
    two_halves((0, 128), (0, 255), "LA").save(tmp_path / "x.png")
    left, right = corners(tmp_path / "x.png")
    assert near(left, (127, 127, 127), 1)
    assert right == (0, 0, 0)


def test_a_palette_with_a_transparent_colour(tmp_path: Path) -> None:
    image = two_halves(RED, BLUE).convert("P", palette=Image.Palette.ADAPTIVE, colors=2)
    image.save(tmp_path / "x.png")
    assert corners(tmp_path / "x.png") == (RED, BLUE)
    image.save(tmp_path / "x.png", transparency=image.getpixel((0, 0)))
    assert corners(tmp_path / "x.png") == (WHITE, BLUE)


def test_a_transparent_colour_of_an_rgb_png(tmp_path: Path) -> None:
    two_halves(RED, BLUE).save(tmp_path / "x.png", transparency=RED)
    assert corners(tmp_path / "x.png") == (WHITE, BLUE)


def test_16_bit_grey_keeps_its_levels(tmp_path: Path) -> None:
    values = np.full((8, 8), 65535, np.uint16)
    values[0, 0] = 257 * 100
    Image.fromarray(values).save(tmp_path / "x.png")
    assert corners(tmp_path / "x.png") == ((100, 100, 100), WHITE)


@pytest.mark.parametrize("mode", ["1", "L"])
def test_black_and_white_and_grey(tmp_path: Path, mode: str) -> None:
    two_halves((255,), (0,), "L").convert(mode).save(tmp_path / "x.png")
    assert corners(tmp_path / "x.png") == (WHITE, (0, 0, 0))


def test_cmyk_jpeg(tmp_path: Path) -> None:
    two_halves(RED, BLUE).convert("CMYK").save(tmp_path / "x.jpg", quality=100, subsampling=0)
    left, right = corners(tmp_path / "x.jpg")
    assert near(left, RED, 4)
    assert near(right, BLUE, 4)


def test_a_picture_that_exif_calls_rotated_is_turned(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # half a turn
    two_halves(RED, BLUE).save(tmp_path / "x.png", exif=exif)
    assert corners(tmp_path / "x.png") == (BLUE, RED)


@pytest.mark.parametrize("suffix", ["jpg", "webp", "bmp"])
def test_other_formats(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    two_halves(RED, BLUE).save(path, quality=95)
    left, right = corners(path)
    assert near(left, RED, 8)
    assert near(right, BLUE, 8)


def test_the_caption_inside_stays(tmp_path: Path) -> None:
    save_image(two_halves((*RED, 255), BLUE, "RGBA"), tmp_path / "x.png", {"caption": "a red star"})
    assert caption_of(read_image(tmp_path / "x.png")) == "a red star"
    assert caption_of(open_image(tmp_path / "x.png")) == "a red star"


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "avif"])
def test_an_empty_and_a_damaged_file_are_named(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(b"")
    with pytest.raises(UserError, match=rf"x\.{suffix} cannot be read as an image: the file is empty"):
        read_image(path)
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(path)
    whole = path.read_bytes()
    for cut in (whole[: len(whole) // 2], whole[:60], whole[: len(whole) // 2] + bytes(len(whole) // 2)):
        path.write_bytes(cut)
        try:
            read_image(path)  # some damage cannot be told from a strange picture
        except UserError as error:
            assert f"x.{suffix} cannot be read as an image" in str(error)  # noqa: PT017


def test_a_huge_picture_is_refused_by_its_header(tmp_path: Path) -> None:
    Image.new("1", (LARGEST_SIDE + 1, 1)).save(tmp_path / "wide.png")
    with pytest.raises(UserError, match=r"8193 x 1 px: expected at most 8192 px a side"):
        read_image(tmp_path / "wide.png")
    Image.new("1", (14_000, 14_000)).save(tmp_path / "large.png")
    with pytest.raises(UserError, match=r"large\.png"):
        read_image(tmp_path / "large.png")
