"""Where a painter puts the objects of a caption: many samples, and the centre of every object in them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvae_lightning.inference.painter import Painter
from cvae_lightning.world import Detection, Meaning, World, detect, parse
from cvae_lightning.world.captions import describe_group


class Position(NamedTuple):
    """A detected object.

    Attributes:
        x, y: of its centre, 0 to 1 from the left upper corner.
        group: which of the caption's groups has its colour and shape, in words; empty where none has.
    """

    x: float
    y: float
    group: str


def painted_positions(painter: Painter, caption: str, num_samples: int, seed: int = 0) -> list[Position]:
    """The objects in so many samples of a caption, right samples and wrong ones.

    Raises:
        CaptionError, UserError: as for a painter's call, or the model's captions are of no world.
    """
    world = painter.need_world("explore")
    meaning = parse(caption, world=world)
    images = np.stack([np.asarray(image) for image in painter.paint([caption], num_samples, seed)[0]])
    found = detect(images, world=world)
    return [Position(thing.x, thing.y, _group(thing, meaning, world)) for things in found for thing in things]


def _group(thing: Detection, meaning: Meaning, world: World) -> str:
    fitting = (g for g in meaning.groups if g.shape == thing.shape and g.colour in (None, thing.colour))
    group = next(fitting, None)
    return "" if group is None else describe_group(group, world=world)
