"""The scenes of a split with their captions, by number."""

from __future__ import annotations

from typing import NamedTuple

from cvae_lightning.world.captions import describe
from cvae_lightning.world.mix import Mix
from cvae_lightning.world.named import DEFAULT
from cvae_lightning.world.sampler import sample, scene_rng
from cvae_lightning.world.scene import Meaning, Scene
from cvae_lightning.world.world import World


class CaptionedScene(NamedTuple):
    """A scene, what its caption says and the caption.

    >>> captioned_scene(0, "train", 3).caption
    'two medium yellow circles'
    """

    meaning: Meaning
    scene: Scene
    caption: str


def captioned_scene(
    seed: int,
    split: str,
    index: int,
    mix: Mix | None = None,
    synonyms: bool = True,
    *,
    world: World = DEFAULT,
) -> CaptionedScene:
    """Scene ``index`` of a split: a pure function of the arguments.

    Args:
        seed: the world's seed.
        split: one of the world's ``splits.names``.
        index: 0 or more.
        mix: how often each form of meaning is drawn; None: as the world says.
        synonyms: whether the caption uses all words of the language or only the canonical ones.
        world: of the scene.

    Raises:
        ValueError: there is no such split, or seed or index is negative.

    >>> meaning, scene, caption = captioned_scene(0, "test", 7)
    >>> meaning.holds(scene), caption == captioned_scene(0, "test", 7).caption
    (True, True)
    """
    rng = scene_rng(seed, split, index, world=world)
    meaning, scene = sample(rng, split, mix, world=world)
    return CaptionedScene(meaning, scene, describe(meaning, rng if synonyms else None, world=world))
