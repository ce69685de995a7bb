"""What training minimises: distortion + weight x rate, in nats per image."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor

from cvae_lightning.models import Reconstruction
from cvae_lightning.training.schedules import Constant, Schedule


class Loss(NamedTuple):
    """The terms of one batch, scalars.

    Attributes:
        loss: what is minimised now: distortion (or pixel error) + kl_weight x rate + prior_loss + auxiliary_loss.
        loss_at_beta: distortion and rate at the final KL weight: comparable across epochs while the weight ramps, and
            between priors and encoders.
        distortion: -log p(image | z, caption), nats per image, batch mean.
        rate: KL(q || prior), nats per image, batch mean.
        kl_weight: factor of the rate in ``loss``.
        prior_loss: what the prior minimises for itself, batch mean; zero where the rate trains it.
        auxiliary_loss: what the encoder minimises for itself besides, batch mean; zero for most.
        beta_effective: the weight that ``loss`` gives the rate when its distortion is counted in nats per image.

    Example:
        >>> names = Loss._fields
        >>> "distortion" in names, "rate" in names
        (True, True)
    """

    loss: Tensor
    loss_at_beta: Tensor
    distortion: Tensor
    rate: Tensor
    prior_loss: Tensor
    auxiliary_loss: Tensor
    kl_weight: float
    beta_effective: float


class Objective(ABC):
    """Maps a model's pass over a batch to the terms of the loss.

    Args:
        beta: final weight of the rate.
        schedule: factor of ``beta`` over epochs.
        free_bits: nats of each latent's batch-mean rate that cost nothing (Kingma et al. 2016, eq. 15).

    Raises:
        ValueError: a negative or non-finite number.

    Example:
        >>> from cvae_lightning.training import Linear
        >>> objective = BetaELBO(beta=2.0, schedule=Linear(length=10), free_bits=0.25)
        >>> float(objective.paid_rate(torch.tensor([[0.1, 1.0], [0.3, 3.0]])))  # means 0.2 and 2.0; the first is free
        2.25
    """

    def __init__(self, beta: float = 1.0, schedule: Schedule | None = None, free_bits: float = 0.0) -> None:
        for name, value in {"beta": beta, "free_bits": free_bits}.items():
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"objective.{name} is {value}: expected a finite number of 0 or more")
        self.beta, self.free_bits = beta, free_bits
        self.schedule = schedule or Constant()

    def __call__(self, reconstruction: Reconstruction, images: Tensor, epoch: float) -> Loss:
        """The loss of images (B, 3, S, S) and the model's pass over them, at this (fractional) epoch."""
        weight = self.beta * self.schedule(epoch)
        paid, error = self.paid_rate(reconstruction.rate), self.error(reconstruction, images)
        prior_loss, auxiliary_loss = reconstruction.prior_loss.mean(), reconstruction.auxiliary_loss.mean()
        return Loss(
            loss=error + weight * paid + prior_loss + auxiliary_loss,
            loss_at_beta=error + self.beta * paid,
            distortion=reconstruction.distortion.mean(),
            rate=reconstruction.rate.sum(dim=1).mean(),
            prior_loss=prior_loss,
            auxiliary_loss=auxiliary_loss,
            kl_weight=weight,
            beta_effective=weight * self.nats_per_unit(images),
        )

    def paid_rate(self, rate: Tensor) -> Tensor:
        """The rate (B, Z) above the free bits, which are granted to each latent's batch mean; scalar."""
        return rate.mean(dim=0).clamp(min=self.free_bits).sum()

    @abstractmethod
    def error(self, reconstruction: Reconstruction, images: Tensor) -> Tensor:
        """The reconstruction term; scalar."""

    @abstractmethod
    def nats_per_unit(self, images: Tensor) -> float:
        """Nats per image that one unit of the reconstruction term is worth."""


class BetaELBO(Objective):
    """Distortion + beta x rate (Higgins et al. 2017): the negative evidence lower bound at beta = 1.

    Example:
        >>> from cvae_lightning.models import ConditionalVAE
        >>> model = ConditionalVAE(10, image_size=32, latent_dim=8, caption_dim=16, base_channels=8, stages=3)
        >>> images = torch.rand(2, 3, 32, 32)
        >>> loss = BetaELBO(beta=1.0)(model(images, torch.tensor([[1, 2], [3, 4]])), images, epoch=0.0)
        >>> bool(torch.isclose(loss.loss, loss.distortion + loss.rate))
        True
    """

    def error(self, reconstruction: Reconstruction, images: Tensor) -> Tensor:
        return reconstruction.distortion.mean()

    def nats_per_unit(self, images: Tensor) -> float:
        return 1.0


class PixelLoss(Objective):
    """The guide's literal loss: a pixel error *averaged* over batch and pixels + beta x *summed* KL.

    One unit of it is worth 3 S^2 / 2 nats of a unit-variance Gaussian (``mse``) or 3 S^2 nats of a
    unit-scale Laplace (``l1``); ``beta_effective`` says so in each run.

    Args:
        pixel: ``mse`` or ``l1``.

    Example:
        >>> PixelLoss(beta=0.001, pixel="mse").nats_per_unit(torch.zeros(1, 3, 64, 64))
        6144.0
    """

    def __init__(
        self,
        beta: float = 0.001,
        schedule: Schedule | None = None,
        free_bits: float = 0.0,
        pixel: str = "mse",
    ) -> None:
        super().__init__(beta, schedule, free_bits)
        if pixel not in ("mse", "l1"):
            raise ValueError(f"objective.pixel is {pixel!r}: expected mse or l1")
        self.pixel = pixel

    def error(self, reconstruction: Reconstruction, images: Tensor) -> Tensor:
        distance = torch.nn.functional.mse_loss if self.pixel == "mse" else torch.nn.functional.l1_loss
        return distance(reconstruction.images, images)

    def nats_per_unit(self, images: Tensor) -> float:
        return images[0].numel() / (2 if self.pixel == "mse" else 1)
