"""What an evaluation of a model of own pictures measures, and where its pictures are; no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from cvae_lightning.captioned_images.problems import Problems
from cvae_lightning.captioned_images.read import CaptionedImage
from cvae_lightning.captioned_images.splits import FOLDERS, find_splits
from cvae_lightning.errors import UserError, at_least_one, nearest_hint
from cvae_lightning.runs import CONFIG, read_mapping, run_dir_of
from cvae_lightning.runs.own_pictures import is_of_own_pictures

USUAL = ("test", "val")
"""Splits that are evaluated where none is named, as far as the folder has them."""
Key = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturesSettings:
    """How much is measured.

    Attributes:
        splits: of ``train``, ``val`` and ``test``, in the order of the report.
        captions: pictures of each split, the first.
        retrieval_captions: pictures of each split among whose captions each picture's own is looked for.
        bound_images: pictures of each split for the importance-weighted bound.
        bound_samples: its K.
        seed: of everything drawn for the model.
        batch_size: pictures at a time.
        features: file of a network's weights, for the distances of samples; None for the model's own encoder.
        feature_network: which network of torchvision that is.

    Raises:
        UserError: a number out of range.
    """

    splits: tuple[str, ...]
    captions: int = 512
    retrieval_captions: int = 64
    bound_images: int = 64
    bound_samples: int = 16
    seed: int = 0
    batch_size: int = 64
    features: str | None = None
    feature_network: str = "inception_v3"

    def __post_init__(self) -> None:
        counted = ("captions", "retrieval_captions", "bound_images", "bound_samples", "batch_size")
        at_least_one(**{name: getattr(self, name) for name in counted})

    def key(self, purpose: int, split: str, index: int) -> Key:
        """The seed of a draw: for what, and the picture's split and index in it."""
        return (self.seed, purpose, list(FOLDERS).index(split), index)


class PicturesSource:
    """The folder that a model was trained on.

    Args:
        data: the config of the run's data.
        file: where that stands, for messages.
        path: another folder, such as where it has been moved to; None for the run's.

    Raises:
        UserError: the config is damaged.
    """

    def __init__(self, data: Mapping[str, Any], file: Path, path: str | None = None) -> None:
        try:
            self.path = Path(str(path if path is not None else data["path"]))
            self.column, self.val_fraction = str(data["caption_column"]), float(data["val_fraction"])
            self.skip_bad = bool(data["skip_bad"])
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(f"{file} does not say which pictures the run was trained on: {error!r}") from error

    def images(self) -> Mapping[str, list[CaptionedImage]]:
        """The pictures by split.

        Raises:
            UserError: the folder is not as the run found it; ``pictures=`` names another.
        """
        try:
            found = find_splits(self.path, self.column, self.val_fraction)
        except UserError as error:
            raise UserError(f"{error}; a folder that has moved is named with pictures=FOLDER") from error
        self._check(found.problems)
        return {split: list(images) for split, images in found.images.items()}

    def _check(self, problems: Problems) -> None:
        if problems and not self.skip_bad:
            raise UserError(f"pictures={self.path}: {problems.summary()}")


def pictures_source_of(checkpoint: Path, path: str | None = None) -> PicturesSource | None:
    """Where the pictures of a model are, by its run's config; None for a model that was trained on scenes.

    Raises:
        UserError: the config is damaged.
    """
    folder = run_dir_of(checkpoint)
    file = folder / CONFIG if folder is not None else None
    config = read_mapping(file) if file is not None and file.is_file() else {}
    return PicturesSource(config["data"], file, path) if file and is_of_own_pictures(config) else None


class PicturesPlan(NamedTuple):
    """What is measured, on which pictures by split."""

    settings: PicturesSettings
    images: Mapping[str, list[CaptionedImage]]

    @property
    def steps(self) -> int:
        """Pictures that are measured, and once more those whose captions are looked for."""
        counts = [min(self.settings.captions, len(self.images[split])) for split in self.settings.splits]
        looked_for = [min(self.settings.retrieval_captions, count) for count in counts]
        return sum(counts) + sum(count for count in looked_for if count > 1)


def pictures_plan(
    checkpoint: Path, path: str | None, splits: Sequence[str] | None, numbers: Mapping[str, Any]
) -> PicturesPlan | None:
    """The plan of an evaluation; None for a model that was trained on scenes.

    Args:
        checkpoint: of the model.
        path: the folder of pictures; None for the run's.
        splits: to evaluate; None for the usual ones.
        numbers: the other settings, by name.

    Raises:
        UserError: a number out of range, a folder or split that is not there, or what the model has no use for.
    """
    source = pictures_source_of(checkpoint, path)
    if source is None:
        _check_unused(path, numbers.get("features"))
        return None
    images = source.images()
    return PicturesPlan(PicturesSettings(splits=chosen_splits(splits, images), **numbers), images)


def _check_unused(pictures: str | None, features: str | None) -> None:
    """Raise where the evaluation of a model of scenes is given what only one of own pictures uses."""
    if pictures is not None:
        raise UserError(
            f"pictures={pictures}: it names the folder of a model of own pictures (data=folder), and this model was "
            f"trained on scenes, which are drawn; pictures of any generator are judged by judge images={pictures}"
        )
    if features is not None:
        raise UserError(
            f"features={features}: FID and KID are measured of a model of own pictures (data=folder), and this model "
            "was trained on scenes; leave features out"
        )


def chosen_splits(names: Sequence[str] | None, images: Mapping[str, list[CaptionedImage]]) -> tuple[str, ...]:
    """The splits to evaluate: those named, else the first of ``USUAL`` that the folder has.

    Raises:
        UserError: one that the folder does not have, or one of them twice.
    """
    if names is None:
        return tuple(split for split in USUAL if split in images)
    for name in names:
        if name not in images:
            raise UserError(f"splits={name}: the folder has {', '.join(images)}{nearest_hint(name, images)}")
    if len(set(names)) < len(names) or not names:
        raise UserError(f"splits=[{','.join(names)}]: expected at least one split, each once")
    return tuple(names)
