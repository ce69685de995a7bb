"""The shape world: what exists, what a caption says about it and how it is drawn; no torch.

A `Meaning` is what a caption says; `describe` and `parse` convert one into the other. `sample` draws a meaning
and a `Scene` of which it holds, and `render` turns scenes into pixels. `detect` finds the things in pixels, and
`judge` decides by them whether a meaning holds. Every function that draws takes its random generator as an
argument; `scene_rng` gives the one of any scene of any split. The specification is `docs/world.md`.
"""

from cvae_lightning.world.captioned import CaptionedScene, captioned_scene
from cvae_lightning.world.captions import VOCABULARY, CaptionError, describe, parse
from cvae_lightning.world.judge import ATOMS, Verdict, judge, verdict
from cvae_lightning.world.masks import bounding_box, instance_mask
from cvae_lightning.world.renderer import render
from cvae_lightning.world.sampler import (
    Mix,
    complete_meaning,
    sample,
    sample_meaning,
    sample_scene,
    scene_rng,
)
from cvae_lightning.world.scene import (
    BACKGROUND,
    COLOURS,
    MAX_COUNTS,
    RELATIONS,
    SHAPES,
    SIZES,
    UNCLEAR,
    Group,
    Meaning,
    Scene,
    Thing,
)
from cvae_lightning.world.splits import SPLITS, split_contains
from cvae_lightning.world.vision.detector import Detection, detect

__all__ = [
    "ATOMS",
    "BACKGROUND",
    "COLOURS",
    "MAX_COUNTS",
    "RELATIONS",
    "SHAPES",
    "SIZES",
    "SPLITS",
    "UNCLEAR",
    "VOCABULARY",
    "CaptionError",
    "CaptionedScene",
    "Detection",
    "Group",
    "Meaning",
    "Mix",
    "Scene",
    "Thing",
    "Verdict",
    "bounding_box",
    "captioned_scene",
    "complete_meaning",
    "describe",
    "detect",
    "instance_mask",
    "judge",
    "parse",
    "render",
    "sample",
    "sample_meaning",
    "sample_scene",
    "scene_rng",
    "split_contains",
    "verdict",
]
