"""Scenes of the world as a data set in Hugging Face's ``imagefolder`` layout, in bytes that no machine changes.

A picture is written under a temporary name and then renamed, and the metadata of a split when all of its pictures
are there. So an export that was stopped is continued by the same call: pictures that are whole are left.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from cvae_lightning.captioned_images.records import json_lines, metadata_line, picture_name, prompt_line
from cvae_lightning.errors import UserError
from cvae_lightning.runs.atomic import write_atomic
from cvae_lightning.runs.images import refuse_existing
from cvae_lightning.runs.layout import CARD, DATASET, IMAGES_METADATA, MASKS
from cvae_lightning.runs.plain import read_mapping
from cvae_lightning.runs.png import is_whole_png, png_bytes
from cvae_lightning.world import (
    DEFAULT,
    CaptionedScene,
    SceneBatch,
    World,
    captioned_scenes,
    check_split,
    instance_mask,
    to_plain,
)

FORMAT = 2
"""The layout of an export; another one gets another number."""
AT_ONCE = 64
"""Pictures that are rendered together."""
LOT = 8192
"""Scenes that are sampled together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSettings:
    """Which scenes a data set has, and how they are drawn.

    Attributes:
        splits: names of the world's splits, each once.
        size: scenes of each split.
        image_size: side of the pictures in pixels, 32 to 512.
        seed: of the world.
        masks: whether each picture gets a second one with the numbers of its objects.
        world: what there is, and how it is said.

    Raises:
        UserError: there is no split, one of them twice, or an unknown one.

    Example:
        >>> DatasetSettings(splits=("train",), size=10).image_size
        64
    """

    splits: tuple[str, ...]
    size: int
    image_size: int = 64
    seed: int = 0
    masks: bool = False
    world: World = DEFAULT

    def __post_init__(self) -> None:
        if not self.splits or len(set(self.splits)) < len(self.splits):
            raise UserError(f"split=[{','.join(self.splits)}]: expected at least one split, each once")
        for split in self.splits:
            try:
                check_split(split, world=self.world)
            except ValueError as error:
                raise UserError(str(error)) from error

    def record(self) -> dict[str, Any]:
        """As plain data, with the world and the layout."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {"format": FORMAT, **values, "splits": list(self.splits), "world": to_plain(self.world)}


def begin(folder: Path, settings: DatasetSettings) -> int:
    """Make the folder of a data set, or find one that the same settings have begun.

    Returns:
        how many pictures are still to be written.

    Raises:
        UserError: the folder holds a data set of other settings, or files that an export would overwrite.
    """
    record, found = settings.record(), read_mapping(folder / DATASET)
    if found and found != record:
        other = [f"{key}={_written(found.get(key))}" for key in record if found.get(key) != record[key]]
        raise UserError(
            f"{folder} holds a data set of other settings ({', '.join(other) or 'of another version'}): give the "
            "same, which continues it, or choose another folder with output=..."
        )
    if not found:
        refuse_existing([folder / name for name in (*settings.splits, CARD)])
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / DATASET, json.dumps(record, indent=1) + "\n")
    return sum(len(missing(folder / split, settings)) for split in settings.splits)


def write_split(
    folder: Path, split: str, settings: DatasetSettings, advance: Callable[[int], None] = lambda count: None
) -> list[Path]:
    """Write what a split's folder lacks.

    Args:
        folder: of the data set; :func:`begin` made it.
        split: one of the settings' splits.
        settings: as :func:`begin` was given them.
        advance: called with the number of pictures after each lot of them.

    Returns:
        the split's folder and its metadata.
    """
    home, rows = folder / split, []
    (home / MASKS if settings.masks else home).mkdir(parents=True, exist_ok=True)
    todo = set(missing(home, settings))
    for first, scenes in _lots(split, settings):
        for start in range(0, len(scenes), AT_ONCE):
            places = range(start, min(start + AT_ONCE, len(scenes)))
            needed = [place for place in places if first + place in todo]
            _write_pictures(home, scenes.take(needed), [first + place for place in needed], settings)
            advance(len(needed))
            rows += [_row(scenes[place], first + place, split, settings) for place in places]
    write_atomic(home / IMAGES_METADATA, json_lines(rows))
    return [home, home / IMAGES_METADATA]


def prompts(settings: DatasetSettings) -> Iterator[dict[str, Any]]:
    """The captions of a data set, split after split, each with what it asks for, without any picture.

    Example:
        >>> [line["prompt"] for line in prompts(DatasetSettings(splits=("test",), size=1))]
        ['2 medium purple stars']
    """
    for split in settings.splits:
        for first, scenes in _lots(split, settings):
            for place in range(len(scenes)):
                yield prompt_line(scenes[place], settings.world, split=split, seed=settings.seed, index=first + place)


def _lots(split: str, settings: DatasetSettings) -> Iterator[tuple[int, SceneBatch]]:
    """The scenes of a split, many at a time, each lot with the index of its first one."""
    for first in range(0, settings.size, LOT):
        indices = range(first, min(first + LOT, settings.size))
        yield first, captioned_scenes(settings.seed, split, indices, world=settings.world)


def missing(home: Path, settings: DatasetSettings) -> list[int]:
    """The scenes of which a split's folder lacks a whole picture, or a whole mask where there are masks."""
    folders = [home, *([home / MASKS] if settings.masks else [])]
    names = {index: picture_name(index) for index in range(settings.size)}
    return [index for index, name in names.items() if not all(is_whole_png(folder / name) for folder in folders)]


def _write_pictures(home: Path, scenes: SceneBatch, indices: Sequence[int], settings: DatasetSettings) -> None:
    for place, (index, image) in enumerate(zip(indices, scenes.draw(settings.image_size), strict=True)):
        if settings.masks:
            mask = instance_mask(scenes[place].scene, settings.image_size, world=settings.world)
            _write_bytes(home / MASKS / picture_name(index), png_bytes(mask))
        _write_bytes(home / picture_name(index), png_bytes(image))


def _write_bytes(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    os.replace(part, path)


def _row(example: CaptionedScene, index: int, split: str, settings: DatasetSettings) -> dict[str, Any]:
    row = metadata_line(example, settings.image_size, settings.world, split=split, seed=settings.seed, index=index)
    return row | ({"mask_file_name": f"{MASKS}/{picture_name(index)}"} if settings.masks else {})


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("name"))
    return f"[{','.join(map(str, value))}]" if isinstance(value, list) else str(value).lower()
