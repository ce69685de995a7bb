"""Randomness as a pure function of (seed, step): a resumed run draws what the unbroken one would have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from cvae_lightning.data import batches_done

TRAIN, VALIDATE, TEST = range(3)


class SeedEachBatch(Callback):
    """Seeds torch before every batch from the run's seed, the batch's number and the rank.

    Own code, because Lightning's checkpoints hold no random state: without this a resumed stochastic model is
    another run. Validation batches get the same noise each time, which leaves only learning in the curve.

    Args:
        seed: the run's seed, 0 or more.

    Example:
        >>> SeedEachBatch(seed=3).seed
        3
    """

    def __init__(self, seed: int = 0) -> None:
        if seed < 0:
            raise ValueError(f"seed is {seed}: expected 0 or more")
        self.seed = seed

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._seed(TRAIN, batches_done(trainer), trainer, pl_module.device)

    def on_validation_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        self._seed(VALIDATE, batch_idx, trainer, pl_module.device)

    def on_test_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        self._seed(TEST, batch_idx, trainer, pl_module.device)

    def _seed(self, stage: int, number: int, trainer: pl.Trainer, device: torch.device) -> None:
        state = np.random.SeedSequence([self.seed, stage, number, trainer.global_rank]).generate_state(1, np.uint64)
        seed = int(state[0] >> 1)
        if device.type == "cpu":  # torch.manual_seed also formats a stack trace for GPUs, which takes 1 % of a step
            torch.default_generator.manual_seed(seed)
        else:
            torch.manual_seed(seed)
