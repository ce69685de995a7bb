"""The LightningModule: the model, the objective and one step for train, validation and test."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from cvae_lightning.data import Batch
from cvae_lightning.evaluation.image_errors import image_errors
from cvae_lightning.inference.file_format import FORMAT_VERSION
from cvae_lightning.inference.header import KEY
from cvae_lightning.models import ConditionalVAE, blueprint
from cvae_lightning.training.objectives import BetaELBO, Loss, Objective
from cvae_lightning.training.penalties import Penalties, Penalty, View
from cvae_lightning.training.schedules import LearningRateSchedule
from cvae_lightning.world import World, to_plain

PENALTIES_KEY = "penalties"
"""Where a checkpoint keeps what the penalties train."""
AUTOENCODER = ("encoder.", "decoder.", "likelihood.")
"""How the names of the weights begin that learn to reconstruct."""
log = logging.getLogger(__name__)


class CVAEModule(pl.LightningModule):
    """Trains a :class:`ConditionalVAE`; pictures, checkpoints and speed are callbacks'.

    Args:
        model: the model.
        objective: what is minimised; the negative ELBO if None.
        optimizer: parameters, or groups of them, -> optimizer; Adam at the guide's 1e-4 if None.
        lr_schedule: factor of the optimizer's learning rate by step; constant if None.
        channels_last: keep images and convolutions in channels-last memory.
        compile: run encoder and decoder through torch.compile.
        penalties: terms added to the objective's loss, by name.
        clip_by_part: clip the gradients of text encoder, encoder, decoder and prior each by its own norm. Where one
            part's are a million times larger than another's, as an encoder with auxiliary losses has them, clipping all
            by their common norm leaves the other's below Adam's epsilon.
        autoencoder_epochs: epochs in which encoder and decoder learn, at a learning rate that falls to 0 (a cosine);
            after them they are fixed, and prior and text encoder learn alone. None: all learn to the end.

    Raises:
        ValueError: ``autoencoder_epochs`` is not a number above 0.

    Example:
        >>> model = ConditionalVAE(10, image_size=32, latent_dim=8, caption_dim=16, base_channels=8, stages=3)
        >>> module = CVAEModule(model, BetaELBO(beta=4.0), lr_schedule=LearningRateSchedule(warmup=10))
        >>> module.objective.beta, module.model is model
        (4.0, True)
    """

    def __init__(
        self,
        model: ConditionalVAE,
        objective: Objective | None = None,
        optimizer: Callable[[Iterable[Any]], Optimizer] | None = None,
        lr_schedule: LearningRateSchedule | None = None,
        channels_last: bool = False,
        compile: bool = False,
        penalties: Mapping[str, Penalty] | None = None,
        clip_by_part: bool = False,
        autoencoder_epochs: float | None = None,
    ) -> None:
        super().__init__()
        if autoencoder_epochs is not None and not (
            isinstance(autoencoder_epochs, int | float) and math.isfinite(autoencoder_epochs) and autoencoder_epochs > 0
        ):
            raise ValueError(f"expected a number above 0, or null, not {autoencoder_epochs}")
        self.model, self.autoencoder_epochs = model, autoencoder_epochs
        self.objective = objective or BetaELBO()
        self.optimizer = optimizer or (lambda parameters: torch.optim.Adam(parameters, lr=1e-4))
        self.lr_schedule = lr_schedule or LearningRateSchedule()
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.model.to(memory_format=self.memory_format)
        if compile:
            self.model.encoder.compile()
            self.model.decoder.compile()
        self.penalties = Penalties(penalties)
        self.clip_by_part = clip_by_part
        self._resumed: Mapping[str, Any] = {}
        self._gradient_norm: Tensor | None = None

    def model_step(self, batch: Batch, stage: str) -> Loss:
        """Pass over a batch, log its terms under ``stage`` and return them."""
        reconstruction = self.model(batch.images.contiguous(memory_format=self.memory_format), batch.tokens)
        terms = self.objective(reconstruction, batch.images, self._epoch())
        training = stage == "train"
        view = View(reconstruction.images, batch.images, terms.loss, self.model.decoder, self._epoch(), training)
        penalty = self.penalties(view)
        terms = terms._replace(loss=terms.loss + penalty.value)
        if not training or is_logged(self.trainer):
            logged = {f"{stage}/{name}": value for name, value in (terms._asdict() | penalty.logged).items()}
            size = len(batch.images)
            self.log_dict(logged, on_step=training, on_epoch=not training, batch_size=size, sync_dist=not training)
        return terms

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        if self.autoencoder_epochs is not None and self._epoch() >= self.autoencoder_epochs:
            return self._prior_step(batch)
        return self.model_step(batch, "train").loss

    def _prior_step(self, batch: Batch) -> Tensor:
        """A step of prior and text encoder, with encoder and decoder fixed."""
        loss = self.model.prior_loss(batch.images, batch.tokens).mean()
        if is_logged(self.trainer):
            self.log_dict({"train/loss": loss, "train/prior_loss": loss}, batch_size=len(batch.images))
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._evaluate(batch, "val")

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._evaluate(batch, "test")

    def configure_optimizers(self) -> Any:
        total = int(self.trainer.estimated_stepping_batches)
        factors = [lambda step: self.lr_schedule(step, total)]
        weights = self.weights_to_optimize()
        if self.autoencoder_epochs is None:
            optimizer = self.optimizer(list(weights.values()))
        else:
            own = [weight for name, weight in weights.items() if name.startswith(AUTOENCODER)]
            others = [weight for name, weight in weights.items() if not name.startswith(AUTOENCODER)]
            optimizer = self.optimizer([{"params": others}, {"params": own}])
            length = math.ceil(self.autoencoder_epochs * self._steps_per_epoch())
            fall = LearningRateSchedule(decay=True)
            factors.append(lambda step: self.lr_schedule(step, total) * fall(step, length))
        scheduler = LambdaLR(optimizer, factors)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def weights_to_optimize(self) -> dict[str, Any]:
        """The weights of the model by name, each as the optimizer takes it: alone, or with its name."""
        return self.as_optimizer_takes(dict(self.model.named_parameters()))

    def as_optimizer_takes(self, weights: dict[str, nn.Parameter]) -> dict[str, Any]:
        """Each weight alone, or with its name for an optimizer that reads names."""
        takes_names = getattr(getattr(self.optimizer, "func", self.optimizer), "takes_names", False)
        return {name: (name, weight) for name, weight in weights.items()} if takes_names else dict(weights)

    def gradient_norm(self) -> Tensor:
        """The norm of all gradients of the model, which clipping does not compute again; a scalar."""
        gradients = [weight.grad for weight in self.model.parameters() if weight.grad is not None]
        self._gradient_norm = torch.nn.utils.get_total_norm(gradients)
        return self._gradient_norm

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: int | float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip all gradients together, or those of each part by themselves.

        Own code, because Lightning's refuses optimizers that can scale gradients themselves, as fused ones can.
        """
        norm, self._gradient_norm = self._gradient_norm, None
        if not gradient_clip_val:
            return
        if norm is not None and gradient_clip_algorithm != "value" and not self.clip_by_part:
            torch.nn.utils.clip_grads_with_norm_(self.model.parameters(), gradient_clip_val, norm)
            return
        parts = self.model.children() if self.clip_by_part else [self.model]
        for each in (part for part in parts if next(part.parameters(), None) is not None):
            clip(each, gradient_clip_val, gradient_clip_algorithm)

    def on_train_start(self) -> None:
        """Warn where the run's length has changed since its checkpoint, and the learning rate with it."""
        scheduler = self.lr_schedulers()
        if not isinstance(scheduler, LambdaLR) or not self.trainer.is_global_zero:
            return
        before = float(scheduler.optimizer.param_groups[0]["lr"])
        total = int(self.trainer.estimated_stepping_batches)
        now = float(scheduler.base_lrs[0]) * self.lr_schedule(scheduler.last_epoch, total)
        if not math.isclose(before, now, rel_tol=1e-6, abs_tol=1e-12):
            log.warning(
                f"the learning rate {'rises' if now > before else 'falls'} from {before:.3g} to {now:.3g}: its "
                f"schedule is spread over the {total} steps that the run has now; the checkpoint's had another length"
            )

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what rebuilds the model and what the penalties train, as plain data."""
        checkpoint[KEY] = {
            "format_version": FORMAT_VERSION,
            "blueprint": blueprint(self.model),
            "tokenizer": self._tokenizer_state(),
            "world": self._world(),
        }
        checkpoint[PENALTIES_KEY] = self.penalties.state()

    def _tokenizer_state(self) -> dict[str, Any] | None:
        """The vocabulary of the data module, of whatever class; None where training has none."""
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        tokenizer = getattr(data, "tokenizer", None)
        return tokenizer.state_dict() if tokenizer is not None else None

    def _world(self) -> dict[str, Any] | None:
        """The world of the data module; None where its captions are of none."""
        world = getattr(self.trainer.datamodule, "world", None)  # type: ignore[attr-defined]
        return to_plain(world) if isinstance(world, World) else None

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self._resumed = checkpoint.get(PENALTIES_KEY, {})

    def on_fit_start(self) -> None:
        """Restore the penalties, now that the device is known: an optimizer's state must be where its weights are."""
        self.penalties.to(self.device)
        self.penalties.resume(self._resumed)
        self._resumed = {}

    def _evaluate(self, batch: Batch, stage: str) -> None:
        self.model_step(batch, stage)
        errors = image_errors(self.model.reconstruct(batch.images, batch.tokens), batch.images)
        self.log_dict(
            {f"{stage}/{name}": value for name, value in errors.items()},
            batch_size=len(batch.images),
            sync_dist=True,
        )

    def _epoch(self) -> float:
        """Training time in epochs, fractions included: the clock of the KL schedule, run out once fitted."""
        if self.trainer.state.fn != TrainerFn.FITTING:
            return math.inf
        return self.trainer.global_step / max(self._steps_per_epoch(), 1)

    def _steps_per_epoch(self) -> int:
        # The last batch of an epoch is a step, too, also where it does not fill an accumulation.
        return math.ceil(self.trainer.num_training_batches / self.trainer.accumulate_grad_batches)


def clip(part: nn.Module, limit: float, algorithm: str | None) -> None:
    """Clip the gradients of a part's weights: each number where the algorithm is ``value``, else their norm."""
    if algorithm == "value":
        torch.nn.utils.clip_grad_value_(part.parameters(), limit)
    else:
        torch.nn.utils.clip_grad_norm_(part.parameters(), limit)


def is_logged(trainer: pl.Trainer) -> bool:
    """Whether the training step at hand is logged, or the last of its epoch: others need not collect what is logged."""
    every = trainer.log_every_n_steps  # type: ignore[attr-defined]
    return bool(every) and ((trainer.global_step + 1) % every == 0 or trainer.is_last_batch or trainer.should_stop)
