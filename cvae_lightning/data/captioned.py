"""What data modules of captioned pictures share: splits as batches, in an order that resumes, and the tokenizer."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import pytorch_lightning as pl
import torch
from pytorch_lightning.loops.progress import _ProcessedTracker
from torch import Tensor
from torch.utils.data import DataLoader

from cvae_lightning.data.batch_sampler import SceneBatchSampler, expect_nothing, none_done
from cvae_lightning.data.dataset import Example, Examples
from cvae_lightning.data.loader import SceneLoader, leave_signals_to_parent
from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.world import World


class Batch(NamedTuple):
    """A batch as the model takes it.

    Attributes:
        images: (B, 3, S, S) float32 in [0, 1].
        tokens: (B, T) int64 token ids.
        captions: B captions.
        indices: (B,) int64 indices in the split.

    >>> from cvae_lightning.data import ShapeSceneDataModule
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


class CaptionedDataModule(pl.LightningDataModule):
    """Captioned pictures for training, validation and test, and the tokenizer fitted on training captions.

    Where training is within a pass follows from the trainer's count of batches, so it is restored with a checkpoint
    whatever a subclass is called. The state of the data module is the tokenizer's; Lightning stores it under the
    class's name.

    Args:
        datasets: by split: ``train``, ``val`` and, where there is one, ``test``.
        tokenizer: fitted, or to be fitted by ``setup``.
        batch_size: pictures per batch on each device.
        num_workers: loading processes; None takes one where a core is free for it.
        shuffle_seed: seed of the order in which training visits its pictures.

    Attributes:
        has_world: whether captions are of a world, so that there is a judge.
        world: of the captions; None where there is none.

    Raises:
        ValueError: an argument is out of range.

    Example:
        >>> from cvae_lightning.data import ShapeSceneDataModule
        >>> issubclass(ShapeSceneDataModule, CaptionedDataModule)
        True
    """

    has_world: ClassVar[bool] = True
    world: World | None = None

    def __init__(
        self,
        datasets: Mapping[str, Examples],
        tokenizer: CaptionTokenizer,
        batch_size: int,
        num_workers: int | None,
        shuffle_seed: int,
    ) -> None:
        super().__init__()
        if num_workers is not None and num_workers < 0:
            raise ValueError(f"data.num_workers is {num_workers}: expected 0 or more, or null")
        SceneBatchSampler(len(datasets["train"]), batch_size)  # refuses an impossible batch size before any work
        self.datasets, self.tokenizer = datasets, tokenizer
        self.batch_size, self.shuffle_seed = batch_size, shuffle_seed
        self.num_workers = _free_cores() if num_workers is None else num_workers

    def setup(self, stage: str | None = None) -> None:
        """Fit the tokenizer, once; every rank finds the same words."""
        raise NotImplementedError

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

    def _loader(self, split: str, shuffle: bool, passes: Examples | None = None) -> DataLoader[Example]:
        """Batches of a split, or of ``passes``, which continues with one pass of the split after another."""
        trainer, dataset = self.trainer, self.datasets[split] if passes is None else passes
        order = SceneBatchSampler(
            len(self.datasets[split]),
            self.batch_size,
            self.shuffle_seed,
            rank=trainer.global_rank if trainer else 0,
            world_size=trainer.world_size if trainer else 1,
            shuffle=shuffle,
            count_passes=passes is not None,
            done=self._batches_done if shuffle else none_done,
            expect=expect_nothing
            if self.num_workers
            else dataset.expect,  # other processes have data sets of their own
        )
        return SceneLoader(
            dataset,
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
