"""Small models on a processor of several cores: two parts of a step at once, not two cores per operation."""

from __future__ import annotations

import logging
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.strategies import SingleDeviceStrategy

from cvae_lightning.models import SideThread
from cvae_lightning.training.module import CVAEModule

log = logging.getLogger(__name__)
SMALL_BATCH = 2**18
"""Pixels per batch (64 images of 64 px) up to which operations are too small to be worth sharing between cores."""


class UseSideThread(Callback):
    """Gives the model a :class:`~cvae_lightning.models.SideThread` while it trains, and each thread half the cores.

    Numbers do not depend on whether there is a core for a second thread, only on ``use``.

    Args:
        use: True or False; ``auto`` for models that have something to compute there, in small batches.

    Example:
        >>> UseSideThread("auto").use
        'auto'
    """

    def __init__(self, use: bool | str = "auto") -> None:
        self.use = use
        self._threads = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, CVAEModule)
        batch = getattr(trainer.datamodule, "batch_size", 1)  # type: ignore[attr-defined]
        alone = isinstance(trainer.strategy, SingleDeviceStrategy) and trainer.accumulate_grad_batches == 1
        if not uses_side_thread(self.use, pl_module, batch, alone):
            return
        total = torch.get_num_threads()
        pl_module.model.use_side_thread(SideThread(total // 2))
        if total > 1:
            self._threads = total
            log.info("the prior's loss and half of each batch's features are computed in a second thread")

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if self._threads:
            torch.set_num_threads(self._threads - self._threads // 2)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._one_thread()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._end(pl_module)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._end(pl_module)

    def _one_thread(self) -> None:
        if self._threads:
            torch.set_num_threads(self._threads)

    def _end(self, pl_module: pl.LightningModule) -> None:
        self._one_thread()
        assert isinstance(pl_module, CVAEModule)
        pl_module.model.use_side_thread(None)


def uses_side_thread(use: bool | str, module: CVAEModule, batch_size: int, alone: bool = True) -> bool:
    """Whether a training computes beside: what ``use`` says, and never on other devices, or where it is not alone.

    Args:
        use: the setting.
        module: what is trained.
        batch_size: scenes per update.
        alone: whether no other process, and no earlier backward pass of the same update, adds to the gradients: then
            the order of sums would be that of two threads.
    """
    if use is False or module.device.type != "cpu" or not alone:
        return False
    small = batch_size * module.model.image_size**2 <= SMALL_BATCH
    return use is True or (small and module.model.has_branches)
