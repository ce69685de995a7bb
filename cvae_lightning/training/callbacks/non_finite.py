"""Stops a run whose loss or gradients are not finite, before they reach the weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor
from torch.optim import Optimizer

from cvae_lightning.errors import UserError
from cvae_lightning.runs import write_versioned
from cvae_lightning.training.module import CVAEModule

RECORD = "non_finite.json"


class _Batch(NamedTuple):
    """A batch since the last update, by what is needed to find its scenes again."""

    indices: Tensor
    captions: list[str]
    loss: Tensor


class StopOnNonFinite(Callback):
    """Stops a run before an update whose loss or gradients are infinite or not a number.

    All ranks stop at the same update. The run folder then has ``non_finite.json`` with the scenes of the
    batches that caused it: those whose loss is not finite, or all of the update where only gradients are not.
    No checkpoint is written. Gradients of fp16 are left to its scaler, which skips such updates by itself.

    Example:
        >>> isinstance(StopOnNonFinite(), Callback)  # for pl.Trainer(callbacks=[...])
        True
    """

    def __init__(self) -> None:
        self._batches: list[_Batch] = []
        self._batch: Any = None

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._batch = batch

    def on_before_backward(self, trainer: pl.Trainer, pl_module: pl.LightningModule, loss: Tensor) -> None:
        self._batches.append(_Batch(self._batch.indices, self._batch.captions, loss.detach()))

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: Optimizer
    ) -> None:
        batches, self._batches = self._batches, []
        sound = torch.stack([batch.loss for batch in batches]).isfinite().all()
        if getattr(trainer.precision_plugin, "scaler", None) is None:
            assert isinstance(pl_module, CVAEModule)
            sound &= pl_module.gradient_norm().isfinite()
        if trainer.strategy.reduce_boolean_decision(bool(sound), all=True):
            return
        file = Path(trainer.default_root_dir) / RECORD
        record = _record(batches, trainer)
        if trainer.is_global_zero:
            write_versioned(file, json.dumps(record, indent=1) + "\n")
        raise UserError(
            f"the {record['what']} of step {trainer.global_step} (epoch {trainer.current_epoch + 1}) is not "
            f"finite: training stopped before the update and left the checkpoints as they were; {file} names the "
            "batch's scenes. Lower the learning rate (optimizer.lr), clip gradients harder (trainer.gradient_clip_val) "
            "or train in full precision (trainer.precision=fp32), and start again"
        )


def _record(batches: list[_Batch], trainer: pl.Trainer) -> dict[str, Any]:
    """What is known of the batches that caused it, on all ranks, as plain data."""
    own = [(trainer.global_rank, batch.loss.item(), batch.indices.tolist(), batch.captions) for batch in batches]
    everyone: list[Any] = [own] * trainer.world_size
    if trainer.world_size > 1:
        torch.distributed.all_gather_object(everyone, own)
    every = [batch for rank in everyone for batch in rank]
    blamed = [batch for batch in every if not torch.tensor(batch[1]).isfinite()]
    return {
        "step": trainer.global_step,
        "epoch": trainer.current_epoch + 1,
        "what": "loss" if blamed else "gradient",
        "batches": [
            {"rank": rank, "loss": str(loss), "indices": indices, "captions": captions}
            for rank, loss, indices, captions in blamed or every
        ],
    }
