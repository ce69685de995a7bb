"""Pictures in TensorBoard at each validation: reconstructions and samples of fixed captions."""

from __future__ import annotations

from collections.abc import Sequence

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor
from torchvision.utils import make_grid

from cvae_lightning.data.images import to_uint8
from cvae_lightning.training.callbacks.tensorboard_writer import board, last_step, scenes
from cvae_lightning.training.module import CVAEModule
from cvae_lightning.world import judge, parse

FRAME = 2
RIGHT, WRONG = (0.0, 0.6, 0.2), (0.85, 0.1, 0.1)
"""Pixels of a sample's frame, and its colours: green where the judge passes the sample, red where it does not."""


class LogImages(Callback):
    """Draws the first validation scenes each time, with the same noise, so that only learning changes them.

    Samples that say what their captions say have a green frame, the others a red one.

    Args:
        count: scenes and captions shown.
        every_n_epochs: epochs between two drawings.
        seed: seed of the samples' noise.
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
        batch = scenes(trainer).first("val", self.count)
        images, tokens = batch.images.to(pl_module.device), batch.tokens.to(pl_module.device)
        generator = torch.Generator().manual_seed(self.seed)
        noise = torch.randn(len(images), pl_module.model.latent_dim, generator=generator).to(pl_module.device)
        seen = pl_module.model.reconstruct(images, tokens)
        samples = pl_module.model.generate(tokens, noise=noise)
        right = [verdict.all for verdict in judge(to_uint8(samples), [parse(caption) for caption in batch.captions])]
        pairs = torch.stack([images, seen], dim=1).flatten(0, 1)
        step = last_step(trainer)
        writer.add_image("reconstruction", make_grid(pairs, nrow=8, pad_value=0.5), step)
        writer.add_image("samples", make_grid(framed(samples, right), nrow=8, pad_value=0.5), step)
        writer.add_text("captions", _listing(batch.captions), step)


def framed(images: Tensor, right: Sequence[bool]) -> Tensor:
    """Images (B, 3, S, S) within frames, green or red; (B, 3, S + 4, S + 4)."""
    count, channels, side, _ = images.shape
    colours = images.new_tensor([RIGHT if one else WRONG for one in right])
    page = colours[:, :, None, None].expand(count, channels, side + 2 * FRAME, side + 2 * FRAME).clone()
    page[:, :, FRAME:-FRAME, FRAME:-FRAME] = images
    return page


def _listing(captions: list[str]) -> str:
    return "\n".join(f"{number}. {caption}" for number, caption in enumerate(captions, start=1))
