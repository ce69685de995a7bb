"""The LightningDataModule of a folder of captioned pictures."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from torch.utils.data import DataLoader

from cvae_lightning.captioned_images.problems import Kind, Problems
from cvae_lightning.captioned_images.read import CaptionedImage
from cvae_lightning.captioned_images.splits import by_hash, find_splits
from cvae_lightning.data.captioned import CaptionedDataModule
from cvae_lightning.data.dataset import Example
from cvae_lightning.data.folder import AugmentedPasses, CaptionedFolder
from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.errors import UserError
from cvae_lightning.runs.counted import counted

log = logging.getLogger(__name__)


class CaptionedFolderDataModule(CaptionedDataModule):
    """A folder's pictures for training, validation and, where it has them, test; the tokenizer of its captions.

    Layouts are those of :func:`cvae_lightning.captioned_images.splits.find_splits`. Every picture is read once when
    the data module is made, so that a file that cannot be used is known before any training.

    Args:
        path: the folder.
        caption_column: of the captions, in a table.
        resolution: side S of the pictures as the model has them.
        center_crop: whether training sees the middle square of a picture, else a square anywhere on it, another one
            in each pass; validation sees the middle.
        random_flip: whether training mirrors every other picture, others in each pass.
        max_train_samples: train on so many pictures, chosen by the hashes of their names; None for all.
        val_fraction: share of the training pictures for validation where the folder has no validation.
        skip_bad: leave out what cannot be used, with a warning, instead of raising.
        batch_size: pictures per batch on each device.
        num_workers: loading processes; None takes one where a core is free for it.
        shuffle_seed: seed of the order, squares and mirrorings of training.
        max_length: the largest number of tokens of a caption; what exceeds it is left out, with a warning.
        max_vocabulary: the most frequent words become tokens, so many at most; others are unknown words.

    Raises:
        UserError: the folder has no pictures, or files that cannot be used; all kinds are counted and named.
        ValueError: an argument is out of range.

    Example:
        >>> from PIL import Image
        >>> for name in ("one", "two"):
        ...     Image.new("RGB", (40, 40)).save(f"{name}.png")
        ...     _ = Path(f"{name}.txt").write_text("a dark picture")
        >>> data = CaptionedFolderDataModule(".", resolution=32)
        >>> {split: len(dataset) for split, dataset in data.datasets.items()}
        {'train': 1, 'val': 1}
    """

    has_world: ClassVar[bool] = False

    def __init__(
        self,
        path: str | Path,
        caption_column: str = "text",
        resolution: int = 64,
        center_crop: bool = True,
        random_flip: bool = False,
        max_train_samples: int | None = None,
        val_fraction: float = 0.1,
        skip_bad: bool = False,
        batch_size: int = 32,
        num_workers: int | None = None,
        shuffle_seed: int = 0,
        max_length: int = 64,
        max_vocabulary: int = 10_000,
    ) -> None:
        for name, value in (("max_train_samples", max_train_samples), ("max_vocabulary", max_vocabulary)):
            if value is not None and value < 1:
                raise ValueError(f"data.{name} is {value}: expected at least 1")
        if not 0 < val_fraction < 1:
            raise ValueError(f"data.val_fraction is {val_fraction}: expected a number between 0 and 1")
        found = find_splits(Path(path), caption_column, val_fraction)
        images = dict(found.images)
        if max_train_samples is not None:
            images["train"] = by_hash(images["train"], max_train_samples)
        tokenizer = CaptionTokenizer(max_length, free_text=True)
        datasets = _datasets(images, resolution, tokenizer, found.problems)
        if found.problems and not skip_bad:
            raise UserError(
                f"data.path={path}: {found.problems.summary()}; mend them, or leave them out with data.skip_bad=true"
            )
        if found.problems:
            log.warning("%s: %s left out", path, found.problems.summary())
        for split in images:
            if split not in datasets:
                raise UserError(f"data.path={path}: no picture of the split {split} can be used")
        super().__init__(datasets, tokenizer, batch_size, num_workers, shuffle_seed)
        self.training, self.max_vocabulary = datasets["train"], max_vocabulary
        self.passes = None
        if random_flip or not center_crop:
            self.passes = AugmentedPasses(self.training, shuffle_seed, not center_crop, random_flip)

    def setup(self, stage: str | None = None) -> None:
        """Fit the tokenizer, once; every rank finds the same words."""
        if self.tokenizer.words:
            return
        captions = self.training.captions()
        self.tokenizer.fit(captions, self.max_vocabulary)
        sizes = ", ".join(f"{len(dataset)} {split}" for split, dataset in self.datasets.items())
        words = counted(len(self.tokenizer.words), "word")
        log.info("pictures: %s; %s in the training captions", sizes, words)
        longest = self.tokenizer.max_length - 2
        if cut := sum(len(self.tokenizer.split(caption)) > longest for caption in captions):
            captions_have = counted(cut, "caption has", "captions have")
            log.warning("%s more than %d words, of which the model reads the first", captions_have, longest)

    def train_dataloader(self) -> DataLoader[Example]:
        return self._loader("train", shuffle=True, passes=self.passes)


def _datasets(
    images: Mapping[str, Sequence[CaptionedImage]], resolution: int, tokenizer: CaptionTokenizer, problems: Problems
) -> dict[str, CaptionedFolder]:
    """The splits of which some picture can be used; what cannot is added to the problems."""
    datasets = {}
    for split, found in images.items():
        worded = []
        for image in found:
            if tokenizer.split(image.caption):
                worded.append(image)
            else:
                problems.add(Kind.BARE, image.name, "")
        if worded and (usable := _readable(CaptionedFolder(worded, resolution), problems)):
            datasets[split] = usable
    return datasets


def _readable(folder: CaptionedFolder, problems: Problems) -> CaptionedFolder | None:
    """The pictures that can be read; each is read, and kept where there is memory for all."""
    bad: set[int] = set()
    for index, image in enumerate(folder.images):
        try:
            folder.resized(index)
        except UserError as error:
            bad.add(index)
            reason = str(error).removeprefix(f"{image.path} ").removeprefix("cannot be read as an image: ")
            problems.add(Kind.UNREADABLE, f"{image.name}: {reason}", "")
    return folder.without(bad) if len(bad) < len(folder) else None
