"""Pictures on disk: found, read in any format, written with their captions inside, never over another file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Sized
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.runs.atomic import new_file, whole_file
from cvae_lightning.runs.counted import counted
from cvae_lightning.runs.layout import GRID, RECONSTRUCTION_PICTURE

LARGEST_SIDE = 8192
"""Pixels; the side of a larger picture is refused before its pixels are read."""
SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}
FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
"""Of bytes that another program sends; Pillow reads others too, some of them by programs of their own."""
GRIDS = (GRID, RECONSTRUCTION_PICTURE)
"""Pictures that hold several others."""
CAPTION_KEYS = ("model_caption", "caption")
"""Notes in a PNG that hold its caption, the fullest first; files of version 1 have the model's as ``caption``."""


def find_images(names: str | Sequence[str]) -> list[Path]:
    """Image files meant by names, each a file, a folder of images or a pattern such as ``shots/*.png``.

    The grids that ``generate`` and ``reconstruct`` leave beside their pictures are passed over in folders and patterns.

    Raises:
        UserError: a name means no image file.
    """
    return [path for name in ([names] if isinstance(names, str) else names) for path in _matching(name)]


def _matching(name: str) -> list[Path]:
    path = Path(name)
    if path.is_file():
        return [path]
    if path.is_dir():
        found = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
    else:
        found = sorted(p for p in Path(path.anchor or ".").glob(str(path.relative_to(path.anchor))) if p.is_file())
    found = [p for p in found if p.name not in GRIDS]
    if not found:
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise UserError(f"images={name}: no image there{nearest_hint(path.name, siblings)}")
    return found


def read_image(path: Path) -> Image.Image:
    """A picture as 8-bit RGB, upright, whatever its format and mode.

    Transparent parts are laid over white, 16-bit greys are divided by 257, CMYK is converted as Pillow does it,
    and a picture that EXIF calls rotated is turned. Of an animation it is the first frame. The notes of the file,
    such as its caption, stay in ``info``.

    Raises:
        UserError: the file is empty, is not an image that Pillow reads, or is larger than ``LARGEST_SIDE``.
    """
    return _upright(open_image(path), str(path))


def decode_image(content: bytes, name: str, most_pixels: int = LARGEST_SIDE**2) -> Image.Image:
    """As :func:`read_image`, of a file's bytes.

    Args:
        content: the bytes.
        name: of the picture, for messages.
        most_pixels: a larger picture is refused before its pixels are read.

    Raises:
        UserError: as :func:`read_image`.

    Example:
        >>> decode_image(b"hello", "your picture")
        Traceback (most recent call last):
        cvae_lightning.errors.UserError: your picture cannot be read as an image: ...
    """
    image = _opened(BytesIO(content), len(content), name)
    if image.width * image.height > most_pixels:
        raise UserError(f"{name} is {image.width} x {image.height} px: expected at most {most_pixels:,} pixels")
    return _upright(image, name)


def open_image(path: Path) -> Image.Image:
    """A picture of which only the header is read: its size, which EXIF may turn, its mode and its notes.

    Raises:
        UserError: as :func:`read_image`.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise UserError(f"{path} cannot be read as an image: {error}") from error
    return _opened(path, size, str(path))


def _opened(source: Path | BytesIO, size: int, name: str) -> Image.Image:
    if not size:
        raise UserError(f"{name} cannot be read as an image: the file is empty")
    try:
        image = Image.open(source, formats=FORMATS if isinstance(source, BytesIO) else None)
    except UnidentifiedImageError as error:
        why = error if isinstance(source, Path) else "its format is not known"  # the message has the source's address
        raise UserError(f"{name} cannot be read as an image: {why}") from error
    except _DAMAGES as error:
        raise UserError(f"{name} cannot be read as an image: {error}") from error
    if max(image.size) > LARGEST_SIDE:
        raise UserError(f"{name} is {image.width} x {image.height} px: expected at most {LARGEST_SIDE} px a side")
    return image


def _upright(image: Image.Image, name: str) -> Image.Image:
    try:
        image.load()
        rgb = to_rgb(ImageOps.exif_transpose(image))
    except _DAMAGES as error:
        raise UserError(f"{name} cannot be read as an image: {error}") from error
    rgb.info = dict(image.info)
    return rgb


_DAMAGES = (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError)
"""What Pillow raises at files that are damaged, cut short or a danger to memory."""


def to_rgb(image: Image.Image) -> Image.Image:
    """A picture of any mode as 8-bit RGB, transparent parts over white.

    Example:
        >>> to_rgb(Image.new("RGBA", (1, 1), (0, 0, 0, 0))).getpixel((0, 0))
        (255, 255, 255)
    """
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow's convert() would clip at 255
        values = np.asarray(image)
        return Image.fromarray((values / 257).round().clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("RGB")


def caption_of(image: Image.Image) -> str | None:
    """The caption that :func:`save_image` wrote into a PNG, as the model was given it, or None."""
    notes = (image.info.get(key) for key in CAPTION_KEYS)
    return next((note for note in notes if isinstance(note, str)), None)


def check_pairs(images: Sized, captions: Sized) -> None:
    """Raises: UserError: there is not one caption per image."""
    if len(images) != len(captions):
        raise UserError(
            f"{counted(len(images), 'image')} but {counted(len(captions), 'caption')}: each image needs its own"
        )


def captions_of(paths: Sequence[Path], images: Sequence[Image.Image], given: Sequence[str] | None) -> list[str]:
    """One caption per image: those given, else those that the files hold.

    Raises:
        UserError: there are more or fewer than images, or a file holds none.
    """
    if given is not None:
        check_pairs(paths, given)
        return list(given)
    captions = [caption_of(image) for image in images]
    for path, caption in zip(paths, captions, strict=True):
        if caption is None:
            raise UserError(f"{path} holds no caption: name each image's with captions=[...]")
    return [caption for caption in captions if caption is not None]


def refuse_existing(paths: Iterable[Path]) -> None:
    """Raise before any work where a file would be overwritten.

    Raises:
        UserError: one of the files exists.
    """
    for path in paths:
        if path.exists():
            raise UserError(f"{path} exists and is not overwritten: choose another folder with output=...")


def save_image(image: Image.Image, path: Path, notes: Mapping[str, str]) -> None:
    """Write a PNG with notes (such as its caption and seed) in its text chunks.

    Raises:
        FileExistsError: the file exists.
    """
    info = PngInfo()
    for key, value in notes.items():
        info.add_itxt(key, value)
    with new_file(path, durable=False) as file:
        image.save(file, format="PNG", pnginfo=info)


def write_picture(image: Image.Image, path: Path) -> None:
    """Write a PNG whole, over an earlier one."""
    with whole_file(path) as file:
        image.save(file, format="PNG")


def slug(caption: str) -> str:
    """A caption as a file name."""
    return re.sub(r"[^a-z0-9]+", "-", caption.lower()).strip("-")[:80]
