"""A folder of captioned pictures as the splits of a training: which pictures it has and which cannot be used."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cvae_lightning.captioned_images.problems import Problems
from cvae_lightning.captioned_images.read import TABLES, CaptionedImage, beside, listed, pictures_in
from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.runs.counted import counted

FOLDERS = {
    "train": ("train", "training"),
    "val": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}
"""Names of a split's folder, as Hugging Face's ``imagefolder`` knows them."""


class FoundSplits(NamedTuple):
    """What a folder holds.

    Attributes:
        images: pictures by split, in the order of their table or of their names.
        problems: pictures and captions that lack the other.
    """

    images: Mapping[str, Sequence[CaptionedImage]]
    problems: Problems


def find_splits(root: Path, column: str = "text", val_fraction: float = 0.1) -> FoundSplits:
    """The pictures of a folder, by split; only captions are read.

    A folder has subfolders ``train``, ``validation`` and ``test`` (only the first is needed), or is itself ``train``.
    Each is an imagefolder (a table ``metadata.jsonl``, ``.csv`` or ``.parquet``) or has each picture's caption in a
    ``.txt`` or ``.caption`` file of its name. Where there is no validation, pictures are taken from ``train`` for
    it: those whose names' hashes are lowest, so that pictures that come later move none of the others.

    Args:
        root: the folder.
        column: of the captions, in a table.
        val_fraction: share of ``train`` for validation where the folder has none, in (0, 1).

    Raises:
        UserError: the folder is absent, a split is empty or a table cannot be read; the message names it.
    """
    check_folder(root)
    folders = {split: _folder(root, split) for split in FOLDERS}
    problems = Problems(strict=False)
    if folders["train"] is None:
        if held := [folder for folder in folders.values() if folder]:
            raise UserError(f"data.path={root} has {held[0].name}/ but no train/: expected the pictures to train on")
        folders = {"train": root}
    images = {split: _images(root, home, column, problems) for split, home in folders.items() if home is not None}
    if "val" not in images:
        images |= held_out(images["train"], val_fraction, root)
    return FoundSplits(images, problems)


def check_folder(root: Path) -> None:
    """Raise where there is no such folder of pictures.

    Raises:
        UserError: the message names the nearest folder.
    """
    if not root.is_dir():
        siblings = [path.name for path in root.parent.iterdir()] if root.parent.is_dir() else []
        what = "is a file" if root.is_file() else "no such folder"
        raise UserError(f"data.path={root}: {what}, expected a folder{nearest_hint(root.name, siblings)}")


def _folder(root: Path, split: str) -> Path | None:
    found = [root / name for name in FOLDERS[split] if (root / name).is_dir()]
    if len(found) > 1:
        raise UserError(f"data.path={root} has {found[0].name}/ and {found[1].name}/: expected one folder of {split}")
    return found[0] if found else None


def _images(root: Path, home: Path, column: str, problems: Problems) -> list[CaptionedImage]:
    tables = [home / name for name in TABLES if (home / name).is_file()]
    if len(tables) > 1:
        raise UserError(f"{home} has {tables[0].name} and {tables[1].name}: expected one table of captions")
    images = list(listed(root, tables[0], column, problems) if tables else beside(home, problems, root))
    if not images and not problems:
        where = f"data.path={root}" if home == root else f"data.path={root}: {home.name}/"
        inside = next((path.name for path in sorted(home.iterdir()) if path.is_dir() and pictures_in(path)), None)
        hint = f"; there are pictures in its folder {inside}" if inside else ""
        raise UserError(
            f"{where} has no picture: expected pictures with a table of captions (metadata.jsonl, .csv or .parquet), "
            f"or each with a .txt of its name{hint}"
        )
    return images


def held_out(images: Sequence[CaptionedImage], fraction: float, root: Path) -> dict[str, list[CaptionedImage]]:
    """Pictures as ``train`` and ``val``, the latter at least one, by the hashes of their names.

    Raises:
        UserError: there are fewer than two pictures.

    Example:
        >>> images = [CaptionedImage(Path(name), name, "a dog", "", {}) for name in ("a.png", "b.png", "c.png")]
        >>> {split: [image.name for image in part] for split, part in held_out(images, 0.4, Path()).items()}
        {'train': ['a.png'], 'val': ['b.png', 'c.png']}
    """
    if len(images) < 2:
        raise UserError(
            f"data.path={root} has {counted(len(images), 'captioned picture')}: expected at least 2, one of them for "
            "validation"
        )
    places = {image.name: _place(image.name) for image in images}
    lowest, highest = min(places.values()), max(places.values())
    limit = min(max(fraction, lowest), highest)
    is_held = {name: place < limit or place == lowest for name, place in places.items()}
    return {
        "train": [image for image in images if not is_held[image.name]],
        "val": [image for image in images if is_held[image.name]],
    }


def by_hash(images: Sequence[CaptionedImage], count: int) -> list[CaptionedImage]:
    """So many of some pictures, in their order: those whose names' hashes are lowest."""
    chosen = {image.name for image in sorted(images, key=lambda image: _place(image.name))[:count]}
    return [image for image in images if image.name in chosen]


def _place(name: str) -> float:
    """A number in [0, 1) that is the same for a name wherever and whenever it is asked for."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) / 2**64
