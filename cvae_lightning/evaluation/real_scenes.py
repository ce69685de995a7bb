"""Scenes of a given meaning, as the world draws them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.inference.noise import Key
from cvae_lightning.world import V1, Meaning, Scene, render, sample_scene


def real_scene(meaning: Meaning, key: Key) -> Scene:
    """A scene of the meaning, a pure function of both."""
    return next(_placed(meaning, np.random.default_rng(list(key))))


def real_images(meanings: Sequence[Meaning], keys: Sequence[Key], size: int) -> NDArray[np.uint8]:
    """(N, size, size, 3) the image of a scene of each meaning; image i is a function of meaning i and key i."""
    return render([real_scene(meaning, key) for meaning, key in zip(meanings, keys, strict=True)], size, world=V1)


def _placed(meaning: Meaning, rng: np.random.Generator) -> Iterator[Scene]:
    while True:
        scene = sample_scene(meaning, rng, world=V1)
        if scene is not None:
            yield scene
