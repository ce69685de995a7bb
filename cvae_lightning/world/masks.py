"""Which pixel shows which thing of a scene."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.checks import check_scene
from cvae_lightning.world.named import DEFAULT
from cvae_lightning.world.outlines import reach
from cvae_lightning.world.renderer import silhouettes
from cvae_lightning.world.scene import Scene, Thing
from cvae_lightning.world.world import World

Box = tuple[float, float, float, float]


def instance_mask(scene: Scene, size: int, *, world: World = DEFAULT) -> NDArray[np.uint8]:
    """The number of the thing that covers at least half of each pixel: 1 for the first; 0 where there is none.

    Args:
        scene: its things do not overlap.
        size: the side S in pixels, 32 to 512.
        world: of the scene.

    Returns:
        (S, S) uint8.

    Raises:
        ValueError: the size is out of range, or the world cannot have such a scene.

    >>> scene = Scene((Thing("circle", "red", "small", x=0.5, y=0.5, r=0.08),))
    >>> mask = instance_mask(scene, size=64)
    >>> int(mask[32, 32]), int(mask[0, 0])
    (1, 0)
    """
    check_scene(scene, world=world)
    alone = [Scene((thing,)) for thing in scene.things]
    covered = silhouettes(alone, size, world.shapes) >= 0.5  # (T, S, S)
    numbers = np.arange(1, len(alone) + 1)[:, None, None]
    return (covered * numbers).max(axis=0, initial=0).astype(np.uint8)


def bounding_box(thing: Thing, *, world: World = DEFAULT) -> Box:
    """The smallest upright box around a thing: left, top, width, height, as fractions of the side.

    >>> bounding_box(Thing("circle", "red", "small", x=0.5, y=0.5, r=0.125))
    (0.375, 0.375, 0.25, 0.25)
    """
    (left, right), (up, down) = reach(world.shapes[thing.shape])
    return (
        thing.x - thing.r * left,
        thing.y - thing.r * up,
        thing.r * (left + right),
        thing.r * (up + down),
    )
