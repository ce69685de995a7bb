"""Each validation is reported to the search, which stops a trial that is worse than others were by then."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Protocol

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from cvae_lightning.errors import UserError

log = logging.getLogger(__name__)


class Trial(Protocol):
    """What the callback needs of a search's trial."""

    @property
    def prunes(self) -> bool:
        """Whether the search stops trials early."""
        ...

    def report(self, epoch: int, metrics: Mapping[str, float]) -> bool:
        """Take the metrics of an epoch; whether the trial should stop."""
        ...


class Pruning(Callback):
    """Reports validation metrics to a trial and ends the training, its files complete, when the trial should stop.

    Args:
        trial: receives the metrics and decides.

    Example:
        >>> class StopAfterTen:
        ...     prunes = True
        ...     def report(self, epoch: int, metrics: Mapping[str, float]) -> bool:
        ...         return epoch >= 10
        >>> Pruning(StopAfterTen()).trial.report(10, {"val/loss": 1.0})
        True
    """

    def __init__(self, trial: Trial) -> None:
        self.trial = trial

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        if self.trial.prunes and trainer.world_size > 1:
            raise UserError(
                f"hydra/sweeper/pruner: a trial on {trainer.world_size} devices cannot be pruned: only one of its "
                "processes knows the study; use trainer.devices=1 or hydra/sweeper/pruner=none"
            )

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        epoch = trainer.current_epoch + 1
        if self.trial.report(epoch, {name: float(value) for name, value in trainer.callback_metrics.items()}):
            log.info("pruned after epoch %d: other trials were better by then", epoch)
            trainer.should_stop = True
