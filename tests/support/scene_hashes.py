"""Hashes of scenes, captions and pixels of the worlds that come with the package; run this file to write them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from cvae_lightning.world import CaptionedScene, captioned_scene, render, world_named

WORLDS = ("default", "three_groups", "many", "german", "mosaic")
FILE = Path(__file__).parents[1] / "world/golden/worlds.json"
TRAIN, OTHER, LARGE = 2000, 300, 40
"""Scenes of the training split, of each other split, and those drawn at 256 px."""


def record(example: CaptionedScene) -> str:
    """Everything about a scene as text; floats in hexadecimal digits."""
    meaning, scene, caption = example
    groups = [[group.count, group.size, group.colour, group.shape] for group in meaning.groups]
    things = [[t.shape, t.colour, t.size, t.x.hex(), t.y.hex(), t.r.hex()] for t in scene.things]
    return json.dumps([groups, list(meaning.links), things, caption])


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def hashes(examples: Sequence[CaptionedScene], world_name: str) -> dict[str, str]:
    """Of records and of pixels at 64 and 256 px."""
    world, scenes = world_named(world_name), [example.scene for example in examples]
    return {
        "records": digest("\n".join(map(record, examples)).encode()),
        "pixels_64": digest(render(scenes, 64, world=world).tobytes()),
        "pixels_256": digest(render(scenes[:LARGE], 256, world=world).tobytes()),
    }


def count_of(split: str) -> int:
    return TRAIN if split == "train" else OTHER


def main() -> None:
    found = {
        name: {
            split: hashes(
                [captioned_scene(0, split, index, world=world_named(name)) for index in range(count_of(split))], name
            )
            for split in world_named(name).splits.names
        }
        for name in WORLDS
    }
    FILE.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
