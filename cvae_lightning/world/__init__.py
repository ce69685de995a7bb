"""The shape world: what exists, what a caption says about it and how it is drawn; no torch.

A `World` is a value that says what exists: `DEFAULT`, `V1`, another one by `world_named`, or one of your own. Every
function here takes it as `world=`. A `Meaning` is what a caption says; `describe` and `parse` convert one into the
other. `sample` draws a meaning and a `Scene` of which it holds, and `render` turns scenes into pixels. `detect` finds
the things in pixels, and `judge` decides by them whether a meaning holds. Every function that draws takes its random
generator as an argument; `scene_rng` gives the one of any scene of any split. `captioned_scene` gives a scene of a
split, and `captioned_scenes` many at once, several times as fast. The specification is `docs/world.md`.
"""

from cvae_lightning.world.batch.scenes import SceneBatch, captioned_scenes
from cvae_lightning.world.captioned import CaptionedScene, captioned_scene
from cvae_lightning.world.captions import CaptionError, describe, parse
from cvae_lightning.world.checks import check_meaning, check_scene
from cvae_lightning.world.content import Content, content
from cvae_lightning.world.exactness import check_exact
from cvae_lightning.world.judge import ATOMS, Verdict, judge, verdict
from cvae_lightning.world.language import Language
from cvae_lightning.world.masks import bounding_box, instance_mask
from cvae_lightning.world.membership import check_split, split_contains
from cvae_lightning.world.mix import Mix
from cvae_lightning.world.named import DEFAULT, V1, is_shipped, world_named, world_names, world_of_config
from cvae_lightning.world.renderer import render
from cvae_lightning.world.sampler import complete_meaning, sample, sample_meaning, sample_scene, scene_rng
from cvae_lightning.world.saved import from_plain, to_plain
from cvae_lightning.world.scene import OPPOSITES, UNCLEAR, Group, Meaning, Scene, Thing
from cvae_lightning.world.spacing import Spacing
from cvae_lightning.world.splits import NUMBERS, Splits
from cvae_lightning.world.vision.detector import Detection, detect
from cvae_lightning.world.words import WordTables, word_tables
from cvae_lightning.world.world import World

__all__ = [
    "ATOMS",
    "DEFAULT",
    "NUMBERS",
    "OPPOSITES",
    "UNCLEAR",
    "V1",
    "CaptionError",
    "CaptionedScene",
    "Content",
    "Detection",
    "Group",
    "Language",
    "Meaning",
    "Mix",
    "Scene",
    "SceneBatch",
    "Spacing",
    "Splits",
    "Thing",
    "Verdict",
    "WordTables",
    "World",
    "bounding_box",
    "captioned_scene",
    "captioned_scenes",
    "check_exact",
    "check_meaning",
    "check_scene",
    "check_split",
    "complete_meaning",
    "content",
    "describe",
    "detect",
    "from_plain",
    "instance_mask",
    "is_shipped",
    "judge",
    "parse",
    "render",
    "sample",
    "sample_meaning",
    "sample_scene",
    "scene_rng",
    "split_contains",
    "to_plain",
    "verdict",
    "word_tables",
    "world_named",
    "world_names",
    "world_of_config",
]
