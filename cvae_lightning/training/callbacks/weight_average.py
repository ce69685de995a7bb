"""The model's weights averaged over training, which are validated, drawn and saved for use."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor, nn

from cvae_lightning.training.module import CVAEModule

RAW_KEY = "raw_weights"
"""Where a checkpoint keeps the weights that training continues from; its ``state_dict`` has the averaged ones."""
PREFIX = "model."


class WeightAverage(Callback):
    """Exponential moving average of the whole model's parameters, updated after each step of the optimizer.

    The n-th update (from 0) keeps min(decay, (1 + n) / (10 + n)) of the average so far, which begins with the initial
    weights, so that they are soon forgotten. Buffers are not averaged: they are running means already.

    From a validation's start until its end (in the order of the callbacks), and after training, the model has the
    averaged weights. A checkpoint may be saved at any time: it has the averaged weights and the raw ones.

    Own code instead of Lightning's ``WeightAveraging``, which gives the raw weights back before ``on_validation_end``,
    when the pictures and the checkpoint are made.

    Args:
        decay: share of the average that an update keeps, at most; None for no averaging.

    Raises:
        ValueError: a decay outside [0, 1).

    Example:
        >>> WeightAverage(decay=0.999).decay
        0.999
        >>> WeightAverage(decay=1.0)
        Traceback (most recent call last):
        ValueError: weight_average: decay 1.0: expected a number from 0 to below 1, or null for none
    """

    def __init__(self, decay: float | None = None) -> None:
        if decay is not None and not 0 <= decay < 1:
            raise ValueError(f"weight_average: decay {decay}: expected a number from 0 to below 1, or null for none")
        self.decay = decay
        self.updates = self.step = 0
        self._average: dict[str, Tensor] = {}
        self._raw: dict[str, Tensor] = {}

    def state_dict(self) -> dict[str, Any]:
        return {"updates": self.updates, "step": self.step}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.updates, self.step = state_dict["updates"], state_dict["step"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.decay is None:
            return
        model = _model(pl_module)
        self._hide(model)
        if not self._average:
            self._average, self.step = _copy(model), trainer.global_step
        self._average = {name: value.to(pl_module.device) for name, value in self._average.items()}

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self._average and trainer.global_step > self.step:
            self.update(_model(pl_module))
            self.step = trainer.global_step

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Move the average towards the model's weights."""
        assert self.decay is not None
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        parameters = dict(model.named_parameters(remove_duplicate=False))
        torch._foreach_lerp_([self._average[name] for name in parameters], list(parameters.values()), 1 - decay)
        for name, buffer in model.named_buffers(remove_duplicate=False):
            if name in self._average:
                self._average[name].copy_(buffer)
        self.updates += 1

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._show(_model(pl_module))

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn == TrainerFn.FITTING:
            self._hide(_model(pl_module))

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._show(_model(pl_module))

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        if self._average:
            checkpoint[RAW_KEY] = self._raw or _copy(_model(pl_module))
            checkpoint["state_dict"] |= {PREFIX + name: value for name, value in self._average.items()}

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        if RAW_KEY not in checkpoint or trainer.state.fn != TrainerFn.FITTING:
            return
        if self.decay is not None:
            weights = checkpoint["state_dict"].items()
            self._average = {name.removeprefix(PREFIX): value for name, value in weights if name.startswith(PREFIX)}
        self._raw = {}
        _model(pl_module).load_state_dict(checkpoint[RAW_KEY])

    def _show(self, model: nn.Module) -> None:
        """Put the averaged weights into the model."""
        if self._average and not self._raw:
            self._raw = _copy(model)
            model.load_state_dict(self._average)

    def _hide(self, model: nn.Module) -> None:
        """Give the model its own weights back."""
        if self._raw:
            model.load_state_dict(self._raw)
            self._raw = {}


def _model(module: pl.LightningModule) -> nn.Module:
    assert isinstance(module, CVAEModule)
    return module.model


def _copy(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
