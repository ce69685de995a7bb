"""What several tests share: a tiny model's settings, commands and a callback that stops a run."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from pytorch_lightning.callbacks import Callback

ROOT = Path(__file__).parent.parent.parent
TINY = [
    "model.image_size=32",
    "model.stages=3",
    "model.base_channels=8",
    "model.latent_dim=8",
    "model.caption_dim=16",
    "text_encoder.embedding_dim=16",
    "text_encoder.layers=1",
    "data.size=200",
    "data.batch_size=16",
    "data.num_workers=0",
    "trainer.accelerator=cpu",
    "trainer.precision=fp32",
    "trainer.max_epochs=2",
    "trainer.log_every_n_steps=4",
]
"""A model and a world small enough to train in a second."""
TINY_SLOTS = [
    *(one for one in TINY if not one.startswith(("model.", "text_encoder."))),
    "model.image_size=32",
    "model.latent_dim=20",
    "model.caption_dim=16",
    "encoder.widths=[16]",
    "data.val_fraction=0.1",
]
"""The same for the quickstart and what is built on it."""


class Done(NamedTuple):
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Done]


class StopAt(Callback):
    """Stops a run, as a scheduler would, after so many updates; for ``_target_: support.StopAt``."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_end(self, trainer: Any, *args: Any) -> None:
        if trainer.global_step == self.step:
            os.kill(os.getpid(), signal.SIGTERM)


class KillAt(Callback):
    """Kills the process, as a machine that loses power would, after so many updates."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_end(self, trainer: Any, *args: Any) -> None:
        if trainer.global_step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)
