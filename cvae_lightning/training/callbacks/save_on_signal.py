"""A run that a person or a scheduler stops is saved at the end of a batch, by all of its processes the same."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.utilities.exceptions import SIGTERMException

from cvae_lightning.runs import LAST
from cvae_lightning.training.callbacks.checkpoints import RunCheckpoint

log = logging.getLogger(__name__)
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class SaveOnSignal(Callback):
    """Saves ``last`` when a person or a scheduler stops the run (Ctrl-C, SIGTERM) within an epoch.

    Lightning itself would lose the steps since the last checkpoint; with several processes it would also send and
    wait for messages within the signal's handler, among those of the training, and hang. Here the handler only notes
    the signal. After each update of the weights the processes agree whether one of them has noted one, and all stop
    at that batch: gradients that wait for more batches are never lost. A signal during validation is obeyed after the
    batch that follows it; a second Ctrl-C stops at once, and nothing is saved then. Nothing is saved after an error,
    whose weights may be what is wrong.

    Example:
        >>> isinstance(SaveOnSignal(), Callback)  # for pl.Trainer(callbacks=[...])
        True
    """

    def __init__(self) -> None:
        self._asked = self._stopping = False
        self._step = 0
        self._before: dict[signal.Signals, Any] = {}

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.getsignal(number) for number in SIGNALS}

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        for number in self._before:  # here, because Lightning sets its own after setup()
            signal.signal(number, self._note)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._step = trainer.global_step

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_step > self._step and not self._stopping:
            self._stopping = self._is_asked(trainer)
            _stop_after_batch(trainer, self._stopping)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Let the validation end: a resumed run could not finish it as the unbroken one would."""
        _stop_after_batch(trainer, False)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        _stop_after_batch(trainer, self._stopping)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        if isinstance(exception, SIGTERMException) and trainer.global_step and not trainer.validating:
            path = Path(trainer.default_root_dir) / LAST
            if not _is_saved(trainer):
                trainer.save_checkpoint(path)
            log.info("stopped at step %d; saved %s", trainer.global_step, path)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _note(self, number: int, frame: Any) -> None:
        if self._asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._asked = True

    def _is_asked(self, trainer: pl.Trainer) -> bool:
        if trainer.world_size == 1:
            return self._asked
        return bool(trainer.strategy.reduce_boolean_decision(self._asked, all=False))


def _is_saved(trainer: pl.Trainer) -> bool:
    """Whether ``last`` has this step already, as at the end of an epoch."""
    every = [callback for callback in trainer.checkpoint_callbacks if isinstance(callback, RunCheckpoint)]
    return any(one.filename == LAST.stem and one.last_step_saved == trainer.global_step for one in every)


def _stop_after_batch(trainer: pl.Trainer, stop: bool) -> None:
    """Lightning looks at this at the end of a batch, once its counters and schedules are consistent."""
    trainer._signal_connector.received_sigterm = stop


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Answer SIGTERM as Ctrl-C, where no training is under way: a scheduler that stops a run is not an error of it."""

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
