"""How the updates go: the learning rate and the gradient's norm."""

from __future__ import annotations

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from torch.nn.utils import get_total_norm
from torch.optim import Optimizer


class LogOptimization(Callback):
    """Logs ``train/learning_rate`` and ``train/gradient_norm`` of the updates whose metrics are logged.

    The norm is of all gradients together, before they are clipped; those of fp16 are scaled and have none.

    Example:
        >>> isinstance(LogOptimization(), Callback)  # for pl.Trainer(callbacks=[...])
        True
    """

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        every = trainer.log_every_n_steps  # type: ignore[attr-defined]
        if not every or (trainer.global_step + 1) % every:
            return
        pl_module.log("train/learning_rate", float(optimizer.param_groups[0]["lr"]))
        if getattr(trainer.precision_plugin, "scaler", None) is None:
            gradients = [p.grad for p in pl_module.parameters() if p.grad is not None]
            pl_module.log("train/gradient_norm", get_total_norm(gradients))
