"""Pictures in TensorBoard at each validation: reconstructions, and samples with their captions."""

from __future__ import annotations

import numpy as np
import pytorch_lightning as pl
import torch
from PIL import Image
from pytorch_lightning.callbacks import Callback
from torch import Tensor
from torchvision.utils import make_grid

from cvae_lightning.data.images import to_uint8
from cvae_lightning.inference.first_samples import first_samples
from cvae_lightning.pictures.grids import captioned_grid
from cvae_lightning.training.callbacks.tensorboard_writer import board, last_step, scenes
from cvae_lightning.training.module import CVAEModule
from cvae_lightning.world import judge, parse

GREY = 128
"""Between images."""


class LogImages(Callback):
    """Shows the first validation scenes each time, with the same noise, so that only learning changes them.

    A sample has the pixels that ``generate`` gives for its caption and the same seed, stands over its caption, and has
    the judge's verdict, where there is one, as its frame, as in ``generated_samples.png``.

    Args:
        count: scenes and captions shown.
        every_n_epochs: epochs between two drawings.
        seed: seed of the samples' noise.

    Example:
        >>> callback = LogImages(count=4, every_n_epochs=10)
        >>> callback.count, callback.seed
        (4, 0)
    """

    def __init__(self, count: int = 16, every_n_epochs: int = 1, seed: int = 0) -> None:
        if count < 1 or every_n_epochs < 1:
            raise ValueError(f"log_images: count {count}, every_n_epochs {every_n_epochs}: expected at least 1 each")
        self.count, self.every_n_epochs, self.seed = count, every_n_epochs, seed

    @torch.no_grad()
    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        writer = board(trainer)
        if writer is None or trainer.current_epoch % self.every_n_epochs:
            return
        assert isinstance(pl_module, CVAEModule)
        data = scenes(trainer)
        batch, world = data.first("val", self.count), data.world
        images, tokens = batch.images.to(pl_module.device), batch.tokens.to(pl_module.device)
        reconstructions = pl_module.model.reconstruct(images, tokens)
        samples = to_uint8(first_samples(pl_module.model, tokens, self.seed))
        correct = None
        if world is not None:
            meanings = [parse(caption, world=world) for caption in batch.captions]
            correct = [verdict.all for verdict in judge(samples, meanings, world=world)]
        pairs = to_uint8(torch.stack([images, reconstructions], dim=1).flatten(0, 1))
        step = last_step(trainer)
        # Bytes: TensorBoard cuts floats off where everything else rounds them.
        writer.add_image("reconstruction", _page(torch.from_numpy(pairs).permute(0, 3, 1, 2)), step)
        page = captioned_grid([Image.fromarray(sample) for sample in samples], batch.captions, correct=correct)
        writer.add_image("samples", torch.from_numpy(np.array(page)).permute(2, 0, 1), step)
        writer.add_text("captions", _listing(batch.captions), step)


def _page(images: Tensor) -> Tensor:
    grid: Tensor = make_grid(images, nrow=8, pad_value=GREY)
    return grid


def _listing(captions: list[str]) -> str:
    return "\n".join(f"{number}. {caption}" for number, caption in enumerate(captions, start=1))
