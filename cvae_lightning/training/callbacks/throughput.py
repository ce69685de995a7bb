"""How fast training goes, for people: on the progress bar, in TensorBoard and as a line each epoch."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import TensorBoardLogger

log = logging.getLogger(__name__)
SHOWN = ("val/loss", "val/distortion", "val/rate", "val/mse", "val/consistency/all")


class Throughput(Callback):
    """Measures training images per second over all devices, validation and drawing left out.

    The pace goes to TensorBoard and the progress bar but not into ``metrics.csv``, which holds only what
    another machine would reproduce.
    """

    def __init__(self) -> None:
        self.images, self.seconds = 0, 0.0
        self._since = 0.0

    def state_dict(self) -> dict[str, Any]:
        return {"images": self.images, "seconds": self.seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.images, self.seconds = state_dict["images"], state_dict["seconds"]

    @property
    def images_per_second(self) -> float:
        """Mean pace of the run's training so far, resumptions included."""
        return self.images / self.seconds if self.seconds else 0.0

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if self._since == 0.0:
            self._since = time.perf_counter()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        now = time.perf_counter()
        self.seconds += now - self._since
        self._since = now
        self.images += len(batch.images) * trainer.world_size
        pl_module.log("images/s", self.images_per_second, prog_bar=True, logger=False)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._since = 0.0

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._since = 0.0
        if not trainer.is_global_zero:
            return
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_scalar("pace/images_per_second", self.images_per_second, trainer.global_step - 1)
        log.info(self._line(trainer))

    def _line(self, trainer: pl.Trainer) -> str:
        values = [
            f"{name} {float(trainer.callback_metrics[name]):.5g}" for name in SHOWN if name in trainer.callback_metrics
        ]
        epoch = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}, step {trainer.global_step}"
        return ", ".join([epoch, *values, f"{self.images_per_second:.0f} images/s"])
