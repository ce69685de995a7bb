"""The guide's tips and common issues as warnings before training, each naming the setting to change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cvae_lightning.training.objectives import Objective

DEAR = 80.0
"""Nats of the loss for a nat of rate; the guide's literal recipe has 98 at 256 px, and collapses easily."""
DEAR_AT = 64
"""Side of images where that holds of a calibrated likelihood too; of more pixels there is more to gain."""


class Plan(NamedTuple):
    """What the tips look at.

    Attributes:
        objective: what is minimised.
        beta_effective: final weight of the rate in nats per image.
        calibrated_size: side of the images where the likelihood's scale is calibrated; 0 where it is fixed.
        learning_rate: of the optimizer.
        batch_size: scenes an update, over all devices and accumulation.
        epochs: planned; -1 for no end.
        train_size: scenes an epoch.
    """

    objective: Objective
    beta_effective: float
    calibrated_size: int
    learning_rate: float
    batch_size: int
    epochs: int
    train_size: int


def advice(plan: Plan) -> Iterator[str]:
    """What the guide would say of this plan, a sentence a tip."""
    if plan.beta_effective > DEAR * max(1.0, (plan.calibrated_size / DEAR_AT) ** 2):
        yield (
            f"beta_effective is {plan.beta_effective:.3g}: a rate this dear usually collapses the posterior "
            "(the rate goes to zero and all samples look alike). Lower objective.beta"
        )
    ramp = plan.objective.schedule
    if plan.beta_effective > 0 and ramp(0) >= ramp(1e9) > 0 and plan.beta_effective >= 10:
        yield "the KL weight is full from the first step: objective/schedule=linear ramps it up against collapse"
    if 0 <= plan.epochs < ramp.length:
        yield (
            f"training ends after {plan.epochs} epochs, before the KL weight has finished its ramp of "
            f"{ramp.length:g}: shorten objective.schedule.length"
        )
    if plan.learning_rate > 2e-3:
        yield f"the learning rate is {plan.learning_rate:g}: start with 1e-4 to 1e-3, less if training is unstable"
    if plan.batch_size < 8:
        yield f"an update sees only {plan.batch_size} scenes: 32 works well (data.batch_size)"
    if plan.train_size < 1_000:
        yield f"{plan.train_size} training scenes verify the pipeline but not more: raise data.size for results"
