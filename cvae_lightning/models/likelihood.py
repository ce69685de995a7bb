"""p(image | z, caption): how far a picture is from the decoder's mean, in nats per image."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from cvae_lightning.models.serialization import part

SMALLEST_SCALE = 1e-3
"""A quarter of a grey level: below it a calibrated scale would reward errors no picture can show."""


class Likelihood(nn.Module, ABC):
    """A density around the mean image with one scale for all pixels, fixed or calibrated.

    Calibrated (Rybkin et al. 2021, "sigma-VAE", eq. 6): while training the scale is the one that is
    optimal for the batch at hand, which needs no tuning of beta; its running mean, kept with the
    weights, is the scale of every other use, so an image's nats do not depend on its batch.

    Args:
        scale: the fixed scale in [0, 1] pixel units, or None to calibrate.
        momentum: share of a new batch in the running mean.

    Example:
        >>> likelihood = GaussianLikelihood().train()
        >>> _ = likelihood.nll(torch.full((4, 3, 8, 8), 0.5), torch.full((4, 3, 8, 8), 0.6))
        >>> round(float(likelihood.scale), 3)  # the root mean square error of the batch
        0.1
    """

    running_error: Tensor

    def __init__(self, scale: float | None = None, momentum: float = 0.01) -> None:
        super().__init__()
        if scale is not None and not (math.isfinite(scale) and scale > 0):
            raise ValueError(f"likelihood scale is {scale}: expected a positive number, or null to calibrate")
        if not 0 < momentum <= 1:
            raise ValueError(f"likelihood momentum is {momentum}: expected a number in (0, 1]")
        self.fixed = scale
        self.momentum = momentum
        self.register_buffer("running_error", torch.tensor(math.nan))

    def nll(self, mean: Tensor, images: Tensor) -> Tensor:
        """-log p(images | mean) in nats per image, summed over pixels; (B,)."""
        mean, images = mean.float(), images.float()
        error = self.error(mean, images).flatten(1)
        if self.training:  # the same sum with fewer passes over the pixels: nats are linear in the error
            means = error.mean(dim=1)  # (B,)
            return self.nats(means, self._scale(means.mean())) * error.shape[1]
        return self.nats(error, self._scale(error.mean())).sum(dim=1)

    @abstractmethod
    def error(self, mean: Tensor, images: Tensor) -> Tensor:
        """The error per value whose batch mean determines the optimal scale."""

    @abstractmethod
    def nats(self, error: Tensor, scale: Tensor) -> Tensor:
        """-log density of each value, given its error and the scale; linear in the error."""

    @abstractmethod
    def optimal_scale(self, mean_error: Tensor) -> Tensor:
        """The scale that maximises the likelihood of values with this mean error."""

    @property
    def scale(self) -> Tensor:
        """The scale used outside training: fixed, or the running calibrated one; a scalar."""
        if self.fixed is not None:
            return torch.full_like(self.running_error, self.fixed)
        return self.optimal_scale(self.running_error).clamp(min=SMALLEST_SCALE)

    def _scale(self, mean_error: Tensor) -> Tensor:
        if self.fixed is not None:
            return self.scale
        if self.training:
            self._remember(mean_error.detach())
        elif not self.running_error.isnan():
            return self.scale
        return self.optimal_scale(mean_error).clamp(min=SMALLEST_SCALE)

    @torch.no_grad()
    def _remember(self, mean_error: Tensor) -> None:
        mixed = self.running_error.lerp(mean_error, self.momentum)
        mixed = torch.where(self.running_error.isnan(), mean_error, mixed)
        # A bad batch stops the run before its update; what is kept with the weights must not take it in either.
        self.running_error.copy_(torch.where(mean_error.isfinite(), mixed, self.running_error))


@part
class GaussianLikelihood(Likelihood):
    """Normal pixels; the scale is sigma, calibrated to the root mean squared error.

    Example:
        >>> mean, likelihood = torch.zeros(1, 3, 8, 8), GaussianLikelihood(scale=0.5)
        >>> more = likelihood.nll(mean, mean + 1) - likelihood.nll(mean, mean)
        >>> round(float(more), 3)  # error ** 2 / (2 scale ** 2), for each of 192 values
        384.0
    """

    def error(self, mean: Tensor, images: Tensor) -> Tensor:
        return (mean - images).square()

    def nats(self, error: Tensor, scale: Tensor) -> Tensor:
        return 0.5 * error / scale.square() + scale.log() + 0.5 * math.log(2 * math.pi)

    def optimal_scale(self, mean_error: Tensor) -> Tensor:
        return mean_error.sqrt()


@part
class LaplaceLikelihood(Likelihood):
    """Laplace pixels, the guide's L1; the scale is b, calibrated to the mean absolute error.

    Example:
        >>> nats = LaplaceLikelihood(scale=0.5).nll(torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8))
        >>> nats.tolist()  # |error| / scale + log(2 scale), for each of 192 values
        [384.0]
    """

    def error(self, mean: Tensor, images: Tensor) -> Tensor:
        return (mean - images).abs()

    def nats(self, error: Tensor, scale: Tensor) -> Tensor:
        return error / scale + torch.log(2 * scale)

    def optimal_scale(self, mean_error: Tensor) -> Tensor:
        return mean_error
