"""The worlds that come with the package, read from their files in ``conf/world``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cvae_lightning.spelling import check_known
from cvae_lightning.world.saved import from_plain
from cvae_lightning.world.world import World

_PACKAGE = Path(__file__).parent.parent
FOLDER = next(folder for folder in (_PACKAGE / "conf/world", _PACKAGE.parent / "conf/world") if folder.is_dir())
"""The files: inside an installed package, beside it in a checkout."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C, where PyYAML has it: 1 ms instead of 45


@cache
def world_named(name: str) -> World:
    """A world that comes with the package.

    Raises:
        ValueError: there is none of that name; the message names the nearest one.

    >>> world_named("v1").name
    'v1'
    """
    check_known("world", name, world_names())
    return world_of_config(yaml.load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), _LOADER))


def world_names() -> list[str]:
    """The names of the worlds that come with the package.

    >>> "german" in world_names()
    True
    """
    return sorted(file.stem for file in FOLDER.glob("*.yaml"))


def is_shipped(world: World) -> bool:
    """Whether a world is one of those that come with the package, unchanged.

    >>> from dataclasses import replace
    >>> is_shipped(DEFAULT), is_shipped(replace(DEFAULT, max_groups=1))
    (True, False)
    """
    return world.name in world_names() and world == world_named(world.name)


def world_of_config(plain: Any) -> World:
    """The world of a config's ``world`` group as plain data.

    Raises:
        ValueError: it is not a world; the message names what is wrong.

    >>> from cvae_lightning.world import to_plain
    >>> world_of_config({"_target_": "cvae_lightning.world.World", **to_plain(V1)}) == V1
    True
    """
    return from_plain(_without_targets(plain))


def _without_targets(plain: Any) -> Any:
    """The data without the names of classes, which Hydra needs."""
    if not isinstance(plain, dict):
        return plain
    return {key: _without_targets(value) for key, value in plain.items() if key != "_target_"}


DEFAULT = world_named("default")
"""Version 2 of the specification, which every published number is about unless it says otherwise."""
V1 = world_named("v1")
"""Version 1, byte for byte, for what was trained on it."""
