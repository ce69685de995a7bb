"""How fast training goes, for people: on the progress bar, in the log and in TensorBoard."""

from __future__ import annotations

import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from cvae_lightning.training.callbacks.tensorboard_writer import board, last_step
from cvae_lightning.training.module import is_logged


class Throughput(Callback):
    """Measures training images per second over all devices, validation and drawing left out.

    The figure goes to TensorBoard, the progress bar and the log but not into ``metrics.csv``, which holds only what
    another machine would reproduce.

    Example:
        >>> throughput = Throughput()
        >>> throughput.load_state_dict({"images": 320, "seconds": 2.0})
        >>> throughput.images_per_second
        160.0
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
        """Mean speed of the run's training so far, earlier processes of a resumed run included."""
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
        if is_logged(trainer):
            pl_module.log("images/s", self.images_per_second, logger=False)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._since = 0.0

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._since = 0.0
        if (writer := board(trainer)) is not None:
            writer.add_scalar("throughput/images_per_second", self.images_per_second, last_step(trainer))
