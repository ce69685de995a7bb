"""Scenes of a given meaning, as the world draws them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.inference.noise import Key
from cvae_lightning.world import DEFAULT, Meaning, Scene, World, render, sample_scene


def real_scene(meaning: Meaning, key: Key, world: World = DEFAULT) -> Scene:
    """A scene of the meaning, a pure function of all three."""
    return next(_placed(meaning, np.random.default_rng(list(key)), world))


def real_images(
    meanings: Sequence[Meaning], keys: Sequence[Key], size: int, world: World = DEFAULT
) -> NDArray[np.uint8]:
    """(N, size, size, 3) the image of a scene of each meaning; image i is a function of meaning i and key i."""
    scenes = [real_scene(meaning, key, world) for meaning, key in zip(meanings, keys, strict=True)]
    return render(scenes, size, world=world)


def _placed(meaning: Meaning, rng: np.random.Generator, world: World) -> Iterator[Scene]:
    while True:
        scene = sample_scene(meaning, rng, world=world)
        if scene is not None:
            yield scene
