"""The world that a data set declares, so that its pictures are judged by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cvae_lightning.errors import UserError
from cvae_lightning.runs.layout import DATASET
from cvae_lightning.runs.plain import read_mapping
from cvae_lightning.world import World, from_plain, world_named


def declared_world(names: Sequence[str]) -> World | None:
    """The world of ``dataset.json`` in a folder or in the one above it; None where there is none.

    Args:
        names: what was given as pictures; only one folder alone can be a data set's, or a split's.

    Raises:
        UserError: the file is damaged, or does not hold a world.
    """
    root = Path(names[0]) if len(names) == 1 else Path()
    for file in (root / DATASET, root.resolve().parent / DATASET) if len(names) == 1 and root.is_dir() else ():
        if file.is_file():
            return _read(file)
    return None


def _read(file: Path) -> World | None:
    world = read_mapping(file).get("world")
    try:
        # The first layout has the name alone.
        return from_plain(world) if isinstance(world, Mapping) else world_named(str(world))
    except ValueError as error:
        raise UserError(f"{file} does not hold a world: {error}") from error
