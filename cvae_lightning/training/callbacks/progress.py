"""What a person reads while a run trains: one live bar in a terminal or a notebook, else lines now and then."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from rich.console import Console

from cvae_lightning.cli.progress import REFRESH_SECONDS, Bar, LineClock, bar_for, in_notebook
from cvae_lightning.runs.duration import duration

log = logging.getLogger(__name__)
EPOCH_METRICS = ("val/loss", "val/distortion", "val/rate", "val/mse", "val/consistency/all")
"""What the line of an epoch has, where it was measured."""


class ReportProgress(Callback):
    """A line in the log at the end of each epoch, and in between a live bar, or a line per minute or per 5 %.

    The bar counts the whole run, and so does the time left, which takes the mean speed of this process, validation
    included. While the bar lives, log handlers of the terminal write through it, so that their lines stand above it;
    it is removed at the end and leaves the lines. Only the main process reports anything.

    Own code instead of Lightning's bars, which start a new bar per epoch and per validation, know nothing of the time
    left for the run, and erase what the log's handlers write.

    Args:
        console: where the bar is drawn; None for standard output.

    Example:
        >>> isinstance(ReportProgress(), Callback)  # for pl.Trainer(callbacks=[...], enable_progress_bar=False)
        True
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console
        self._bar: Bar | None = None
        self._clock = _Clock()
        self._trained = self._validated = False
        self._shown, self._lines = 0.0, LineClock(None)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        self._clock = _Clock.starting(trainer)
        self._shown, self._lines = time.monotonic(), LineClock(self._clock.total, trainer.global_step)
        self._bar = bar_for(self._console or Console(), self._clock.total, trainer.global_step)
        if self._bar is not None:
            self._show(trainer)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._trained = True
        self._report(trainer)

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        self._validated = True
        self._report(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Lightning ends the checkpoint's epoch once more when a run is resumed.
        if self._trained and trainer.is_global_zero:
            _say(self._epoch_line(trainer))
        self._trained = self._validated = False
        self._lines.restart(trainer.global_step)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._close()

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _report(self, trainer: pl.Trainer) -> None:
        """Refresh the bar, or write a line where one is due."""
        if not trainer.is_global_zero or trainer.sanity_checking:
            return
        if self._bar is None:
            if self._lines.is_due(trainer.global_step):
                _say(self._line(trainer))
        elif time.monotonic() - self._shown >= REFRESH_SECONDS:
            self._shown = time.monotonic()
            self._show(trainer)

    def _show(self, trainer: pl.Trainer) -> None:
        assert self._bar is not None
        values = [f"loss {value}" for _, value in _values(trainer, ("train/loss",))]
        values += [f"{value} images/s" for _, value in _values(trainer, ("images/s",))]
        self._bar.show(trainer.global_step, ", ".join([_epoch(trainer), *values, self._clock.left(trainer)]))

    def _line(self, trainer: pl.Trainer) -> str:
        step = f"step {trainer.global_step}" + (f" of {self._clock.total}" if self._clock.total else "")
        doing = ["validation"] if trainer.validating else []
        values = [f"{name} {value}" for name, value in _values(trainer, ("train/loss",))]
        return ", ".join([_epoch(trainer), step, *doing, *values, self._clock.left(trainer)])

    def _epoch_line(self, trainer: pl.Trainer) -> str:
        """The numbers of the epoch that ends; those of an earlier validation are not repeated."""
        values = [f"{name} {value}" for name, value in _values(trainer, EPOCH_METRICS if self._validated else ())]
        missing = [] if self._validated else ["no validation"]
        speed = [f"{value} images/s" for _, value in _values(trainer, ("images/s",))]
        left = [self._clock.left(trainer)] if trainer.global_step < (self._clock.total or 0) else []
        return ", ".join([_epoch(trainer), f"step {trainer.global_step}", *values, *missing, *speed, *left])


class _Clock:
    """The time left for a run, by the mean time that a step took in this process.

    Args:
        total: steps of the whole run; None where it has no end.
        first: the step at which this process started.
    """

    def __init__(self, total: int | None = None, first: int = 0) -> None:
        self.total, self.first, self.since = total, first, time.monotonic()

    @classmethod
    def starting(cls, trainer: pl.Trainer) -> _Clock:
        total = trainer.estimated_stepping_batches
        return cls(int(total) if total != float("inf") else None, trainer.global_step)

    def left(self, trainer: pl.Trainer) -> str:
        """The time left in words."""
        done = trainer.global_step - self.first
        if self.total is None or done <= 0:
            return "time left unknown"
        seconds = (time.monotonic() - self.since) / done * max(self.total - trainer.global_step, 0)
        return f"{duration(seconds)} left"


def _say(line: str) -> None:
    """A line in the log; in a notebook that shows no log, below the cell."""
    if in_notebook() and not logging.getLogger().hasHandlers():
        print(line)
    else:
        log.info(line)


def _epoch(trainer: pl.Trainer) -> str:
    """The epoch at hand, counted from 1."""
    planned = trainer.max_epochs if trainer.max_epochs is not None else -1
    return f"epoch {trainer.current_epoch + 1}" + (f"/{planned}" if planned > 0 else "")


def _values(trainer: pl.Trainer, names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        (name, f"{float(trainer.callback_metrics[name]):.4g}") for name in names if name in trainer.callback_metrics
    ]
