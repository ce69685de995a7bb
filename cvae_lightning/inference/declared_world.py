"""The world of a trained model as its files declare it, read without torch, so that a caption is refused at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cvae_lightning.inference.header import own_header
from cvae_lightning.runs import CONFIG, WEIGHTS, read_mapping, run_dir_of
from cvae_lightning.runs.own_pictures import is_of_own_pictures
from cvae_lightning.runs.plain import parse_json
from cvae_lightning.world import V1, World, from_plain, parse, world_of_config


def check_captions(captions: Sequence[str], checkpoint: Path) -> None:
    """Refuse captions that the model's world cannot read, where the world is known without loading the model.

    Raises:
        CaptionError: a caption has an unknown word or no meaning.
    """
    world = declared_world(checkpoint)
    if world is not None:
        for caption in captions:
            parse(caption, world=world)


def declared_world(checkpoint: Path) -> World | None:
    """The world that exported weights, or the config beside a checkpoint, declare; None where neither can be read.

    What cannot be read here is refused by name when the model is loaded.
    """
    try:
        return _of_weights(checkpoint) if checkpoint.suffix == Path(WEIGHTS).suffix else _of_run(checkpoint)
    except Exception:  # damage of any kind is for the reader of models to answer
        return None


def _of_weights(file: Path) -> World | None:
    content = parse_json(own_header(file) or "null")
    world = content.get("world", V1)
    return world if isinstance(world, World) or world is None else from_plain(world)


def _of_run(checkpoint: Path) -> World | None:
    folder = run_dir_of(checkpoint)
    if folder is None or not (folder / CONFIG).is_file():
        return None
    config = read_mapping(folder / CONFIG)
    if is_of_own_pictures(config):
        return None
    if "world" not in config:
        return V1
    return None if config["world"] is None else world_of_config(config["world"])
