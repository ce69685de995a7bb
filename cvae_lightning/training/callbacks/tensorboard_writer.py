"""How callbacks find TensorBoard's writer and the data."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loggers import TensorBoardLogger

from cvae_lightning.data import CaptionedDataModule


def board(trainer: pl.Trainer) -> Any:
    """TensorBoard's writer on the rank that writes; None elsewhere."""
    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger) and trainer.is_global_zero:
            return logger.experiment
    return None


def last_step(trainer: pl.Trainer) -> int:
    """The step of a validation's numbers, as Lightning counts it."""
    return trainer.global_step - 1


def scenes(trainer: pl.Trainer) -> CaptionedDataModule:
    """The data of the run."""
    data = trainer.datamodule  # type: ignore[attr-defined]
    assert isinstance(data, CaptionedDataModule)
    return data
