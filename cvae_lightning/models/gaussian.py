"""Diagonal Gaussians: the draw and the divergence as pure functions of mean and log sigma."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
LOG_SIGMA_RANGE = (-8.0, 4.0)
"""Beyond it exp() of the log sigma loses float32 precision or explodes early in training."""


class Gaussian(NamedTuple):
    """A diagonal Gaussian over latents: ``mean`` and ``log_sigma``, both (B, Z) in float32.

    Example:
        >>> posterior = Gaussian(mean=torch.zeros(1, 2), log_sigma=torch.zeros(1, 2))
        >>> draw(posterior, noise=torch.tensor([[1.0, -2.0]])).tolist(), kl_to_standard(posterior).tolist()
        ([[1.0, -2.0]], [[0.0, 0.0]])
    """

    mean: Tensor
    log_sigma: Tensor

    @classmethod
    def from_raw(cls, mean: Tensor, log_sigma: Tensor) -> Gaussian:
        """Network outputs of any precision, brought to float32 with the log sigma clamped."""
        return cls(mean.float(), log_sigma.float().clamp(*LOG_SIGMA_RANGE))


def draw(gaussian: Gaussian, noise: Tensor) -> Tensor:
    """mean + sigma * noise, the reparametrised draw (Kingma & Welling 2013, eq. 10); (B, Z)."""
    return gaussian.mean + gaussian.log_sigma.exp() * noise


def kl_to_standard(q: Gaussian) -> Tensor:
    """KL(q || N(0, I)) for each latent in nats (Kingma & Welling 2013, appendix B); (B, Z)."""
    return 0.5 * (q.mean.square() + (2 * q.log_sigma).exp() - 1) - q.log_sigma


def kl(q: Gaussian, p: Gaussian) -> Tensor:
    """KL(q || p) for each latent in nats; (B, Z)."""
    ratio = 2 * (q.log_sigma - p.log_sigma)
    distance = (q.mean - p.mean).square() * torch.exp(-2 * p.log_sigma)
    return 0.5 * (ratio.exp() + distance - 1 - ratio)


def log_density(gaussian: Gaussian, z: Tensor) -> Tensor:
    """log density of latents (B, Z) in nats, summed over them; (B,)."""
    standardized = (z - gaussian.mean) * torch.exp(-gaussian.log_sigma)
    return -(0.5 * standardized.square() + gaussian.log_sigma + HALF_LOG_2PI).sum(dim=1)


def standard_log_density(z: Tensor) -> Tensor:
    """log density of latents (B, Z) under N(0, I) in nats; (B,)."""
    return -(0.5 * z.square() + HALF_LOG_2PI).sum(dim=1)
