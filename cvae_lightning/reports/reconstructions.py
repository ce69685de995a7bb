"""Reconstructed pictures as files, each with its caption inside, and a grid of originals over reconstructions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from cvae_lightning.pictures.grids import paired_grid
from cvae_lightning.runs.images import save_image
from cvae_lightning.runs.layout import RECONSTRUCTION_PICTURE


def reconstruction_files(output: Path, images: Sequence[Path]) -> list[Path]:
    """The files to write for these images, the grid last.

    Example:
        >>> [path.name for path in reconstruction_files(Path("out"), [Path("star.jpg")])]
        ['000_star.png', 'reconstruction.png']
    """
    names = [f"{number:03d}_{path.stem}.png" for number, path in enumerate(images)]
    return [output / name for name in [*names, RECONSTRUCTION_PICTURE]]


def write_reconstructions(
    originals: Sequence[Image.Image], pictures: Sequence[Image.Image], captions: Sequence[str], files: Sequence[Path]
) -> None:
    """Write each reconstruction, and the grid to the last file.

    Args:
        originals: the images that were given.
        pictures: their reconstructions, square.
        captions: one per image.
        files: of :func:`reconstruction_files`.
    """
    *names, grid = files
    for picture, caption, path in zip(pictures, captions, names, strict=True):
        save_image(picture, path, {"caption": caption})
    resized = [image.convert("RGB").resize(pictures[0].size, Image.Resampling.BOX) for image in originals]
    save_image(paired_grid(resized, pictures), grid, {})
