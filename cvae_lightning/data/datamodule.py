"""The LightningDataModule: splits, batches and the tokenizer."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from pytorch_lightning.loops.progress import _ProcessedTracker
from torch import Tensor
from torch.utils.data import DataLoader

from cvae_lightning.data.batch_sampler import SceneBatchSampler
from cvae_lightning.data.dataset import Example, ShapeSceneDataset
from cvae_lightning.data.loader import SceneLoader, leave_signals_to_parent
from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.world import Mix


class Batch(NamedTuple):
    """A batch as the model takes it.

    Attributes:
        images: (B, 3, S, S) float32 in [0, 1].
        tokens: (B, T) int64 token ids.
        captions: B captions.
        indices: (B,) int64 indices in the split.

    >>> data = ShapeSceneDataModule(size=20, canvas_size=32, fit_captions=10)
    >>> data.setup()
    >>> batch = data.first("val", 2)
    >>> tuple(batch.images.shape), batch.indices.tolist()
    ((2, 3, 32, 32), [0, 1])
    """

    images: Tensor
    tokens: Tensor
    captions: list[str]
    indices: Tensor


class Collate:
    """Examples to a :class:`Batch` whose images are uint8: a quarter of the bytes to move to the device."""

    def __init__(self, tokenizer: CaptionTokenizer) -> None:
        self.tokenizer = tokenizer

    def __call__(self, examples: Sequence[Example]) -> Batch:
        images, captions, indices = zip(*examples, strict=True)
        tokens = self.tokenizer.encode_batch(captions)
        return Batch(torch.stack(images), tokens, list(captions), torch.tensor(indices))


class ShapeSceneDataModule(pl.LightningDataModule):
    """Shape scenes for training, validation and test, and the tokenizer fitted on training captions.

    Where training is within a pass follows from the trainer's count of batches, so it is restored with a checkpoint
    whatever a subclass is called. The state of the data module is the tokenizer's; Lightning stores it under the
    class's name.

    Args:
        size: scenes of training and validation together.
        val_fraction: share of ``size`` for validation, in (0, 1).
        test_size: scenes of the test split.
        canvas_size: side S of the images.
        batch_size: scenes per batch on each device.
        num_workers: loading processes; None takes one where a core is free for it.
        seed: seed of the world.
        shuffle_seed: seed of the order in which training visits its scenes.
        mix: how often each form of meaning is drawn.
        synonyms: whether captions use all words of the language.
        max_length: the largest number of tokens of a caption.
        fit_captions: how many training captions the tokenizer is fitted on; more would not add a word.

    Raises:
        ValueError: an argument is out of range; the message says what was expected.

    >>> data = ShapeSceneDataModule(size=20, canvas_size=32, fit_captions=10)
    >>> {split: len(dataset) for split, dataset in data.datasets.items()}
    {'val': 2, 'test': 1000, 'train': 18}
    """

    def __init__(
        self,
        size: int = 10_000,
        val_fraction: float = 0.1,
        test_size: int = 1_000,
        canvas_size: int = 256,
        batch_size: int = 32,
        num_workers: int | None = None,
        seed: int = 0,
        shuffle_seed: int = 0,
        mix: Mix | None = None,
        synonyms: bool = True,
        max_length: int = 32,
        fit_captions: int = 10_000,
    ) -> None:
        super().__init__()
        if not 0 < val_fraction < 1:
            raise ValueError(f"data.val_fraction is {val_fraction}: expected a number between 0 and 1")
        if num_workers is not None and num_workers < 0:
            raise ValueError(f"data.num_workers is {num_workers}: expected 0 or more, or null")
        if fit_captions < 1:
            raise ValueError(f"data.fit_captions is {fit_captions}: expected at least 1")
        sizes = {"val": max(1, round(size * val_fraction)), "test": test_size}
        sizes["train"] = size - sizes["val"]
        if sizes["train"] < 1:
            raise ValueError(f"data.size is {size}: expected at least 2, one to train and one to validate")
        self.datasets = {
            split: ShapeSceneDataset(count, canvas_size, seed, split, mix, synonyms) for split, count in sizes.items()
        }
        SceneBatchSampler(sizes["train"], batch_size)  # refuses an impossible batch size before any work
        self.batch_size, self.shuffle_seed, self.fit_captions = batch_size, shuffle_seed, fit_captions
        self.num_workers = _free_cores() if num_workers is None else num_workers
        self.tokenizer = CaptionTokenizer(max_length)

    def setup(self, stage: str | None = None) -> None:
        """Fit the tokenizer, once; every rank finds the same words."""
        if not self.tokenizer.words:
            self.tokenizer.fit(self.datasets["train"].captions(self.fit_captions))

    def train_dataloader(self) -> DataLoader[Example]:
        return self._loader("train", shuffle=True)

    def val_dataloader(self) -> DataLoader[Example]:
        return self._loader("val", shuffle=False)

    def test_dataloader(self) -> DataLoader[Example]:
        return self._loader("test", shuffle=False)

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Images from uint8 to float32 in [0, 1], on the device."""
        return batch._replace(images=batch.images.float() / 255)

    def state_dict(self) -> dict[str, Any]:
        """The tokenizer's state, as plain data."""
        return self.tokenizer.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.tokenizer = CaptionTokenizer.from_state(state_dict)

    def first(self, split: str, count: int) -> Batch:
        """The first ``count`` scenes of a split (all, where it has fewer), as the model takes them."""
        return self.take(split, range(min(count, len(self.datasets[split]))))

    def take(self, split: str, indices: Sequence[int]) -> Batch:
        """The scenes of a split at these indices, as the model takes them."""
        examples = self.datasets[split].__getitems__(indices)
        return self.on_after_batch_transfer(Collate(self.tokenizer)(examples), 0)

    def _loader(self, split: str, shuffle: bool) -> DataLoader[Example]:
        trainer = self.trainer
        order = SceneBatchSampler(
            len(self.datasets[split]),
            self.batch_size,
            self.shuffle_seed,
            rank=trainer.global_rank if trainer else 0,
            world_size=trainer.world_size if trainer else 1,
            shuffle=shuffle,
            **({"done": self._batches_done} if shuffle else {}),
        )
        return SceneLoader(
            self.datasets[split],
            batch_sampler=order,
            collate_fn=Collate(self.tokenizer),
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            worker_init_fn=leave_signals_to_parent,
            pin_memory=torch.cuda.is_available(),
        )

    def _batches_done(self) -> int:
        return batches_done(self.trainer) if self.trainer else 0


def batches_done(trainer: pl.Trainer) -> int:
    """How many training batches a run has finished, resumed runs included: the number of its next batch.

    >>> batches_done(pl.Trainer(logger=False, enable_checkpointing=False, accelerator="cpu"))
    0
    """
    total = trainer.fit_loop.epoch_loop.batch_progress.total
    assert isinstance(total, _ProcessedTracker)
    return total.processed


def _free_cores() -> int:
    """A number of workers: one draws scenes faster than a CPU trains on them; on two cores it slows training."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 0 if cores <= 2 and not torch.cuda.is_available() else min(8, math.ceil(cores / 4))
