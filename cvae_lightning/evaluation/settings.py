"""What an evaluation measures, checked before anything is loaded; and the random key of each draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cvae_lightning.errors import UserError
from cvae_lightning.evaluation.coverage import NEIGHBOURS
from cvae_lightning.runs import CONFIG, read_mapping, run_dir_of
from cvae_lightning.world import DEFAULT, NUMBERS, V1, Mix, World, sample, scene_rng, world_of_config

Key = tuple[int, ...]
MOST = 2**63
"""Seeds and sizes are below it."""
SAMPLE, POSTERIOR, REAL, FIXED, BOOTSTRAP = range(5)
"""What a draw is for: a sample of a caption, a latent of an image, a real scene of a meaning (for the diversity, and
for the latents at a fixed caption), and an interval by resampling."""


@dataclass(frozen=True, slots=True)
class SceneSource:
    """Which scenes and words a model was trained on; the defaults are those of ``conf/data``.

    Attributes:
        seed: of the scenes.
        synonyms: whether captions use all words of the language.
        train_size: how many scenes the model was trained on; None where that is not known.
        world: which they are of.
    """

    seed: int = 0
    synonyms: bool = True
    train_size: int | None = None
    world: World = DEFAULT

    def plain(self) -> dict[str, Any]:
        """As plain data, with the world's name."""
        return {
            "world": self.world.name,
            "seed": self.seed,
            "synonyms": self.synonyms,
            "train_size": self.train_size,
        }


def training_scenes(size: int, val_fraction: float) -> int:
    """How many of ``size`` scenes :class:`cvae_lightning.data.ShapeSceneDataModule` trains on."""
    return size - max(1, round(size * val_fraction))


def scene_source_of(checkpoint: Path) -> SceneSource:
    """The scenes that a run's config names; for a checkpoint without one the default ones, of unknown number.

    Raises:
        UserError: the config is damaged.
    """
    folder = run_dir_of(checkpoint)
    if folder is None or not (file := folder / CONFIG).is_file():
        return SceneSource()
    config = read_mapping(file, {"data": dict})
    data = config.get("data", {})
    try:
        train_size = training_scenes(_whole(data["size"]), data["val_fraction"])
        return SceneSource(_whole(data["seed"]), bool(data["synonyms"]), train_size, _world(config))
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise UserError(f"{file} does not say which scenes the run was trained on: {error}") from error


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value < MOST:
        raise ValueError(f"{str(value)[:80]!r}: expected a whole number of 0 or more")
    return value


def _world(config: Mapping[str, Any]) -> World:
    """The world of a run's config; runs from before there were several are of version 1, with a mix of their own."""
    if "world" in config:
        return world_of_config(config["world"])
    return replace(V1, mix=Mix(**{key: value for key, value in config["data"]["mix"].items() if key != "_target_"}))


def withheld_splits(world: World) -> tuple[str, ...]:
    """``test``, and all splits whose captions mean what training never has: what an evaluation is of by default.

    >>> withheld_splits(V1)
    ('test', 'novel_pair', 'novel_count', 'novel_relation')
    """
    return world.splits.names[2:]


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """How much is measured, and where.

    Attributes:
        splits: in the order of the report; the first is the one that details are about.
        captions: captions per split.
        coverage_captions: how many of the first split's first captions are painted many times.
        coverage_samples: samples of each of those.
        bound_images: images per split, at most ``captions``, for the importance-weighted bound.
        bound_samples: its K.
        seed: of everything drawn for the model.
        batch_size: images at a time.
        num_workers: processes that draw scenes; 0 draws them in this one.

    Raises:
        UserError: an unknown split, or a number out of range.
    """

    splits: tuple[str, ...] = ("test", "novel_pair", "novel_count", "novel_relation")
    captions: int = 512
    coverage_captions: int = 16
    coverage_samples: int = 64
    bound_images: int = 64
    bound_samples: int = 16
    seed: int = 0
    batch_size: int = 64
    num_workers: int = 0

    def __post_init__(self) -> None:
        least = {
            "captions": 1,
            "coverage_captions": 1,
            "coverage_samples": NEIGHBOURS + 1,
            "bound_images": 1,
            "bound_samples": 1,
            "seed": 0,
            "batch_size": 1,
            "num_workers": 0,
        }
        for name, lowest in least.items():
            if getattr(self, name) < lowest:
                raise UserError(f"{name}={getattr(self, name)}: expected at least {lowest}")
        if not self.splits or len(set(self.splits)) < len(self.splits):
            raise UserError(
                f"splits=[{','.join(self.splits)}]: expected one or more, each once, of {', '.join(NUMBERS)}"
            )

    @property
    def num_samples(self) -> int:
        """How many pictures are painted in all."""
        few = min(self.coverage_captions, self.captions)
        return len(self.splits) * self.captions + few * self.coverage_samples

    def check(self, source: SceneSource) -> None:
        """Draw the first scene of each split.

        Raises:
            UserError: there is no such split, or the source's mix has no scene of it.
        """
        for split in self.splits:
            try:
                sample(scene_rng(source.seed, split, 0, world=source.world), split, world=source.world)
            except ValueError as error:
                raise UserError(f"splits=[{','.join(self.splits)}]: {error}") from error

    def key(self, purpose: int, split: str, index: int, number: int = 0) -> Key:
        """The seed of a draw: for what, the scene's split and index in it, and which of several."""
        return (self.seed, purpose, NUMBERS[split], index, number)
