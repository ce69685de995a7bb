"""A scene as plain data: a line of a data set's ``metadata.jsonl``, or of a list of prompts."""

from __future__ import annotations

import json
from typing import Any

from cvae_lightning.world import DEFAULT, CaptionedScene, Group, Thing, World, bounding_box

DECIMALS = 3
"""Of lengths in pixels; more would show how a machine rounds."""


def metadata_line(example: CaptionedScene, image_size: int, world: World = DEFAULT, **identity: Any) -> dict[str, Any]:
    """What a data set says about one picture.

    Args:
        example: the scene.
        image_size: side of the picture; lengths are in its pixels.
        world: of the scene.
        identity: the split, seed and index of the scene.

    Example:
        >>> from cvae_lightning.world import captioned_scene
        >>> line = metadata_line(captioned_scene(0, "train", 3), 64, split="train", seed=0, index=3)
        >>> line["file_name"], line["text"], [thing["shape"] for thing in line["objects"]]
        ('000003.png', 'two medium yellow circles', ['circle', 'circle'])
    """
    meaning, scene, caption = example
    return {
        "file_name": picture_name(identity["index"]),
        "text": caption,
        "objects": [_object(thing, image_size, world) for thing in scene.things],
        "groups": [_group(group) for group in meaning.groups],
        "relations": [link or "" for link in meaning.links],
        "form": meaning.form,
        "world": world.name,
        **identity,
    }


def prompt_line(example: CaptionedScene, world: World = DEFAULT, **identity: Any) -> dict[str, Any]:
    """A caption to paint and what it asks for, with the names of GenEval's ``evaluation_metadata.jsonl``.

    A relation stands at the group of which it is true: ``["above", 1]`` is above group 1, the second one.

    Example:
        >>> from cvae_lightning.world import captioned_scene
        >>> prompt_line(captioned_scene(0, "train", 3), index=3)["include"]
        [{'class': 'circle', 'count': 2, 'color': 'yellow', 'size': 'medium'}]
    """
    meaning = example.meaning
    include = [{"class": g.shape, "count": g.count, "color": g.colour, "size": g.size} for g in meaning.groups]
    asked: list[dict[str, Any]] = [{key: value for key, value in row.items() if value is not None} for row in include]
    for first, link in enumerate(meaning.links):
        if link is not None:
            asked[first]["position"] = [link, first + 1]
    return {"tag": meaning.form, "include": asked, "prompt": example.caption, "world": world.name, **identity}


def picture_name(index: int) -> str:
    """The file name of a data set's picture.

    Example:
        >>> picture_name(7)
        '000007.png'
    """
    return f"{index:06d}.png"


def json_lines(rows: list[dict[str, Any]]) -> str:
    """Rows as JSON Lines.

    Example:
        >>> json_lines([{"text": "a star"}])
        '{"text": "a star"}\\n'
    """
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def _object(thing: Thing, side: int, world: World) -> dict[str, Any]:
    return {
        "shape": thing.shape,
        "colour": thing.colour,
        "size": thing.size,
        "centre": _pixels((thing.x, thing.y), side),
        "radius": _pixels((thing.r,), side)[0],
        "box": _pixels(bounding_box(thing, world=world), side),
    }


def _pixels(lengths: tuple[float, ...], side: int) -> list[float]:
    return [round(length * side, DECIMALS) for length in lengths]


def _group(group: Group) -> dict[str, Any]:
    return {"count": group.count, "size": group.size, "colour": group.colour, "shape": group.shape}
