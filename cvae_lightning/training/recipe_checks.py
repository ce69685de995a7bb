"""The guide's tips and common issues as warnings before training, each naming the setting to change."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pytorch_lightning as pl
import torch

from cvae_lightning.data import CaptionedDataModule
from cvae_lightning.runs.counted import counted
from cvae_lightning.training.module import CVAEModule
from cvae_lightning.training.objectives import BetaELBO, Objective

MAX_BETA_EFFECTIVE = 80.0
"""Nats of the loss per nat of rate; the guide's literal recipe has 98 at 256 px, and collapses easily."""
MAX_BETA_SIZE = 64
"""Side of images up to which a calibrated likelihood has that limit too; more pixels have more to gain from a rate."""

FEW_UPDATES = 5_000
"""Updates with which the baseline recipe begins to draw what it reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the checks read.

    Attributes:
        objective: what is minimised.
        beta_effective: final weight of the rate in nats per image.
        calibrated_size: side of the images where the likelihood's scale is calibrated; 0 where it is fixed.
        learning_rate: of the optimizer.
        batch_size: scenes per update, over all devices and accumulation.
        epochs: planned; -1 for no end.
        train_size: scenes per epoch.
        epochs_per_validation: epochs from one validation to the next.
        own_pictures: whether training is on a folder's pictures, of which there are as many as there are.
    """

    objective: Objective
    beta_effective: float
    calibrated_size: int
    learning_rate: float
    batch_size: int
    epochs: int
    train_size: int
    epochs_per_validation: int = 1
    own_pictures: bool = False


def plan_of(module: CVAEModule, data: CaptionedDataModule, trainer: pl.Trainer, learning_rate: float) -> Plan:
    """The plan of a run that is about to start."""
    model, objective = module.model, module.objective
    image = torch.zeros(1, 3, model.image_size, model.image_size)
    calibrated = isinstance(objective, BetaELBO) and model.likelihood.fixed is None
    return Plan(
        objective=objective,
        beta_effective=objective.beta * objective.schedule(1e9) * objective.nats_per_unit(image),
        calibrated_size=model.image_size if calibrated else 0,
        learning_rate=learning_rate,
        batch_size=data.batch_size * trainer.accumulate_grad_batches * trainer.world_size,
        epochs=trainer.max_epochs if trainer.max_epochs is not None else -1,
        train_size=len(data.datasets["train"]),
        epochs_per_validation=trainer.check_val_every_n_epoch or 1,
        own_pictures=not data.has_world,
    )


def recipe_warnings(plan: Plan) -> Iterator[str]:
    """What is likely to go wrong with this plan, one sentence per cause."""
    if plan.beta_effective > MAX_BETA_EFFECTIVE * max(1.0, (plan.calibrated_size / MAX_BETA_SIZE) ** 2):
        yield (
            f"beta_effective is {plan.beta_effective:.3g}: so large a weight of the rate usually collapses the "
            "posterior (the rate goes to zero and all samples are alike). Lower objective.beta"
        )
    ramp = plan.objective.schedule
    if plan.beta_effective > 0 and ramp(0) >= ramp(1e9) > 0 and plan.beta_effective >= 10:
        yield "the KL weight is full from the first step: objective/schedule=linear ramps it up against collapse"
    if 0 <= plan.epochs < ramp.length:
        yield (
            f"training ends after {counted(plan.epochs, 'epoch')}, before the KL weight has finished its ramp of "
            f"{ramp.length:g}: shorten objective.schedule.length"
        )
    if plan.learning_rate > 2e-3:
        yield f"the learning rate is {plan.learning_rate:g}: start with 1e-4 to 1e-3, less if training is unstable"
    if plan.batch_size < 8:
        yield f"an update uses only {counted(plan.batch_size, 'scene')}: 32 works well (data.batch_size)"
    updates = plan.epochs * math.ceil(plan.train_size / plan.batch_size)
    if plan.own_pictures and 0 < updates < FEW_UPDATES:
        yield (
            f"{counted(plan.epochs, 'epoch')} of {counted(plan.train_size, 'picture')} are "
            f"{counted(updates, 'update')} of the model, too few to learn "
            f"much: trainer.max_epochs={math.ceil(plan.epochs * FEW_UPDATES / updates)} makes {FEW_UPDATES:,}"
        )
    if plan.train_size < 1_000 and not plan.own_pictures:
        scenes = counted(plan.train_size, "training scene verifies", "training scenes verify")
        yield f"{scenes} the pipeline but not more: raise data.size for results"
    if plan.epochs > 0 and plan.epochs % plan.epochs_per_validation:
        yield (
            f"the last of {counted(plan.epochs, 'epoch')} has no validation: its weights are in last.ckpt, but the "
            "final metrics are those of an earlier epoch or absent; trainer.check_val_every_n_epoch="
            f"{plan.epochs_per_validation} should divide trainer.max_epochs"
        )
