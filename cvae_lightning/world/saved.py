"""Worlds as plain data, as configs, checkpoints, exported models and data sets hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from cvae_lightning.world.language import Language
from cvae_lightning.world.mix import Mix
from cvae_lightning.world.outlines import CIRCLE
from cvae_lightning.world.plain import check_keys
from cvae_lightning.world.spacing import Spacing
from cvae_lightning.world.splits import Splits
from cvae_lightning.world.words import word_tables
from cvae_lightning.world.world import World, inputs_of


def to_plain(world: World) -> dict[str, Any]:
    """The world as mappings, lists, numbers and words, which JSON and YAML can hold.

    >>> from cvae_lightning.world import DEFAULT
    >>> from_plain(to_plain(DEFAULT)) == DEFAULT
    True
    """
    plain = {item.name: _plain(getattr(world, item.name)) for item in inputs_of(World)}
    return plain | {"shapes": {shape: corners or CIRCLE for shape, corners in plain["shapes"].items()}}


def from_plain(plain: object) -> World:
    """The world of plain data, as :func:`to_plain` gives it or as the files of ``conf/world`` hold it.

    Raises:
        ValueError: it is not a world; the message names what is wrong.

    >>> from cvae_lightning.world import DEFAULT
    >>> from_plain(to_plain(DEFAULT) | {"background": [250, 250]})
    Traceback (most recent call last):
    ValueError: background is [250, 250]: expected a list of 3 items
    """
    items = _items("world", World, plain)
    for name, record in (("spacing", Spacing), ("mix", Mix), ("language", Language), ("splits", Splits)):
        if name in items:
            items[name] = record(**_items(name, record, items[name]))
    world = World(**items)
    word_tables(world)
    return world


def _items(what: str, record: type, plain: object) -> dict[str, Any]:
    """The fields of a record from a mapping that has all that it needs and no others."""
    known = [item.name for item in inputs_of(record)]
    needed = [f.name for f in inputs_of(record) if f.default is MISSING and f.default_factory is MISSING]
    return check_keys(what, plain, known, needed)


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
