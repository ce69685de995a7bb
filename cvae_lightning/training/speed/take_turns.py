"""A training process does one step whenever it is asked for one.

The file stands alone (PyTorch and Lightning only), because other revisions of the package run it too.
"""

from __future__ import annotations

import os
import time
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback


class Turns:
    """The child's end of two pipes: a byte asks for a step, a line answers with its seconds.

    Args:
        read: file descriptor to read from.
        write: file descriptor to write to.
    """

    def __init__(self, read: int, write: int) -> None:
        self.read, self.write = read, write
        self._wall = self._cpu = self._thread = -1.0

    def next(self) -> None:
        """Answer with the seconds since the last call, and wait until the next step is asked for."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        if self._wall < 0:
            os.write(self.write, b"ready\n")
        else:
            taken = time.perf_counter() - self._wall, time.process_time() - self._cpu, time.thread_time() - self._thread
            os.write(self.write, b"%r %r %r\n" % taken)
        if not os.read(self.read, 1):
            os._exit(0)  # the benchmark has ended; what a run does at its end is not wanted
        self._wall, self._cpu, self._thread = time.perf_counter(), time.process_time(), time.thread_time()


class TakeTurns(Callback):
    """A step lasts from one batch's start to the next one's, data, logging and other callbacks included.

    Args:
        read: file descriptor to read from.
        write: file descriptor to write to.
    """

    def __init__(self, read: int, write: int) -> None:
        self.turns = Turns(read, write)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self.turns.next()
