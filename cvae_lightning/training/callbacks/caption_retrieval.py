"""At each validation: does the model find a picture's own caption among those of other pictures?"""

from __future__ import annotations

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from cvae_lightning.evaluation.retrieval import caption_retrieval
from cvae_lightning.inference.noise import normal_rows
from cvae_lightning.training.callbacks.tensorboard_writer import scenes
from cvae_lightning.training.module import CVAEModule


class CaptionRetrieval(Callback):
    """Logs ``val/retrieval`` and ``val/retrieval_chance`` of the first validation pictures, with fixed noise.

    ``count`` pictures are each decoded with ``count`` captions, so the cost grows with its square.

    Args:
        count: validation pictures, or all where there are fewer.
        every_n_epochs: epochs between two measurements; the last epoch, where it is validated, always has one.
        seed: seed of the posterior's draws.

    Example:
        >>> CaptionRetrieval(count=16).count
        16
    """

    def __init__(self, count: int = 32, every_n_epochs: int = 1, seed: int = 0) -> None:
        if count < 2 or every_n_epochs < 1:
            raise ValueError(
                f"caption_retrieval: count {count}, every_n_epochs {every_n_epochs}: expected at least 2 and 1"
            )
        self.count, self.every_n_epochs, self.seed = count, every_n_epochs, seed

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        done = trainer.current_epoch + 1
        if trainer.sanity_checking or (done % self.every_n_epochs and done != trainer.max_epochs):
            return
        assert isinstance(pl_module, CVAEModule)
        batch = scenes(trainer).first("val", self.count)
        if len(batch.images) < 2:
            return
        noise = normal_rows([(self.seed, index) for index in batch.indices.tolist()], pl_module.model.latent_dim)
        device = pl_module.device
        images = batch.images.to(device).contiguous(memory_format=pl_module.memory_format)
        found = caption_retrieval(pl_module.model, images, batch.tokens.to(device), noise.to(device))
        # All ranks have the same values; the mean over them changes nothing.
        values = {"val/retrieval": found.accuracy, "val/retrieval_chance": found.chance}
        pl_module.log_dict(values, batch_size=1, sync_dist=True)
