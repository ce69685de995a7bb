"""Pictures in TensorBoard at each validation: reconstructions and samples of fixed captions."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import TensorBoardLogger
from torchvision.utils import make_grid

from cvae_lightning.data import ShapeSceneDataModule
from cvae_lightning.training.module import CVAEModule


class Pictures(Callback):
    """Draws the first validation scenes each time, with the same noise, so that only learning changes them.

    Args:
        count: scenes and captions shown.
        every_n_epochs: epochs between two drawings.
        seed: seed of the samples' noise.
    """

    def __init__(self, count: int = 16, every_n_epochs: int = 1, seed: int = 0) -> None:
        if count < 1 or every_n_epochs < 1:
            raise ValueError(f"pictures: count {count}, every_n_epochs {every_n_epochs}: expected at least 1 each")
        self.count, self.every_n_epochs, self.seed = count, every_n_epochs, seed

    @torch.no_grad()
    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        board = _board(trainer)
        if board is None or trainer.current_epoch % self.every_n_epochs:
            return
        assert isinstance(pl_module, CVAEModule)
        batch = _first(trainer, self.count)
        images, tokens = batch.images.to(pl_module.device), batch.tokens.to(pl_module.device)
        generator = torch.Generator().manual_seed(self.seed)
        noise = torch.randn(len(images), pl_module.model.latent_dim, generator=generator).to(pl_module.device)
        seen = pl_module.model.reconstruct(images, tokens)
        samples = pl_module.model.generate(tokens, noise=noise)
        pairs = torch.stack([images, seen], dim=1).flatten(0, 1)
        step = trainer.global_step - 1  # as Lightning counts the metrics of this validation
        board.add_image("reconstruction", make_grid(pairs, nrow=8, pad_value=0.5), step)
        board.add_image("samples", make_grid(samples, nrow=8, pad_value=0.5), step)
        board.add_text("captions", _listing(batch.captions), step)


def _board(trainer: pl.Trainer) -> Any:
    """TensorBoard's writer on the rank that writes; None elsewhere."""
    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger) and trainer.is_global_zero:
            return logger.experiment
    return None


def _first(trainer: pl.Trainer, count: int) -> Any:
    assert isinstance(trainer.datamodule, ShapeSceneDataModule)  # type: ignore[attr-defined]
    return trainer.datamodule.first("val", count)  # type: ignore[attr-defined]


def _listing(captions: list[str]) -> str:
    return "\n".join(f"{number}. {caption}" for number, caption in enumerate(captions, start=1))
