"""Latents and captions in TensorBoard: what moving a latent changes, and the captions' embeddings in its projector."""

from __future__ import annotations

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from cvae_lightning.inference.explore import traversals
from cvae_lightning.pictures.grids import captioned_grid
from cvae_lightning.training.callbacks.tensorboard_writer import board, last_step, scenes
from cvae_lightning.training.module import CVAEModule


class LogLatents(Callback):
    """Writes traversals of the first validation scene's latent, and the embeddings of the first validation captions.

    TensorBoard's *Images* has the traversals, its *Projector* the embeddings with their captions. Nothing is drawn at
    random, so training goes the same way with and without it.

    Args:
        latents: how many are moved, those with the highest rate.
        captions: how many are embedded.
        every_n_epochs: epochs between two drawings; the last epoch, where it is validated, always has one.

    Example:
        >>> LogLatents(latents=3).latents
        3
    """

    def __init__(self, latents: int = 6, captions: int = 128, every_n_epochs: int = 10) -> None:
        if min(latents, captions, every_n_epochs) < 1:
            raise ValueError(
                f"log_latents: latents {latents}, captions {captions}, every_n_epochs {every_n_epochs}: "
                "expected at least 1 each"
            )
        self.latents, self.captions, self.every_n_epochs = latents, captions, every_n_epochs

    @torch.no_grad()
    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        done = trainer.current_epoch + 1
        writer = board(trainer)
        if writer is None or trainer.sanity_checking or (done % self.every_n_epochs and done != trainer.max_epochs):
            return
        assert isinstance(pl_module, CVAEModule)
        model, batch = pl_module.model, scenes(trainer).first("val", self.captions)
        encoded = model.text_encoder(batch.tokens.to(pl_module.device))
        first = model.text_encoder(batch.tokens[:1].to(pl_module.device))
        z = model.encoder(batch.images[:1].to(pl_module.device), first).posterior.mean
        shown = traversals(model, first, z, self.latents)
        page = captioned_grid(shown.images, shown.labels, shown.columns)
        step = last_step(trainer)
        writer.add_image("traversals", torch.from_numpy(np.array(page)).permute(2, 0, 1), step)
        writer.add_embedding(encoded.pooled.float().cpu(), batch.captions, global_step=step, tag="captions")
