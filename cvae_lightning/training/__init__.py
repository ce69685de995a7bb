"""Objective, schedules, the LightningModule and its callbacks."""

from cvae_lightning.training.distribution_matching import DistributionMatching
from cvae_lightning.training.module import CVAEModule
from cvae_lightning.training.muon import Muon
from cvae_lightning.training.objectives import BetaELBO, Loss, Objective, PixelLoss
from cvae_lightning.training.sampler_module import SamplerModule
from cvae_lightning.training.schedules import Constant, Cosine, Cyclical, Exponential, LearningRateSchedule, Linear

__all__ = [
    "BetaELBO",
    "CVAEModule",
    "Constant",
    "Cosine",
    "Cyclical",
    "DistributionMatching",
    "Exponential",
    "LearningRateSchedule",
    "Linear",
    "Loss",
    "Muon",
    "Objective",
    "PixelLoss",
    "SamplerModule",
]
