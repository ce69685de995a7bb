"""Bounds on log p(image | caption) in nats, and which prior they are of."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cvae_lightning.models import ConditionalPrior, ConditionalVAE, Prior, StandardPrior
from cvae_lightning.models.gaussian import draw
from cvae_lightning.models.interfaces import CaptionEncoding

Floats = NDArray[np.float64]
LogDensity = Callable[[Tensor, CaptionEncoding], Tensor]
"""log p(z | caption), (B,), of latents (B, Z)."""

LEVELS = 255
"""Grey levels of a byte lie 1/255 apart."""


def prior_of_bounds(prior: Prior) -> str:
    """Which density rates and bounds are measured against, in words.

    >>> prior_of_bounds(StandardPrior(4))
    'N(0, I), which samples are drawn from'
    """
    if prior.base is not None:
        return prior.base
    if isinstance(prior, StandardPrior):
        return "N(0, I), which samples are drawn from"
    if isinstance(prior, ConditionalPrior):
        return "the conditional Gaussian p(z | caption), which samples are drawn from"
    return f"the density that the rate of {type(prior).__name__} is measured against"


def log_weights(
    model: ConditionalVAE, images: Tensor, tokens: Tensor, noise: Tensor, log_density: LogDensity | None = None
) -> Tensor:
    """log p(image | z, caption) p(z | caption) / q(z | image, caption) at K draws of z.

    Args:
        model: the model.
        images: (B, 3, S, S) in [0, 1].
        tokens: (B, T).
        noise: (B, K, Z) standard normal.
        log_density: of z given the caption; None takes the one that the prior's rate is measured against.

    Returns:
        (B, K) in nats; the mean over draws is the evidence lower bound.
    """
    log_density = log_density or model.prior.base_log_prob
    caption = model.text_encoder(tokens)
    posterior = model.encoder(images, caption).posterior
    columns = []
    for rows in noise.unbind(dim=1):  # K decoded batches one after the other, to need the memory of one
        z = draw(posterior, rows)
        likelihood = -model.likelihood.nll(model.decoder(z, caption), images)
        gaussian = torch.distributions.Normal(posterior.mean, posterior.log_sigma.exp())
        given = gaussian.log_prob(z).sum(dim=1)  # type: ignore[no-untyped-call]
        columns.append(likelihood.double() + log_density(z, caption).double() - given.double())
    return torch.stack(columns, dim=1)


def importance_bound(log_weights: Floats) -> Floats:
    """(N,) log of the mean of K weights (Burda et al. 2016, eq. 8) of (N, K) log weights.

    At K = 1 it is the evidence lower bound; it grows with K towards log p(image | caption).
    """
    highest = log_weights.max(axis=1)
    bound: Floats = highest + np.log(np.exp(log_weights - highest[:, None]).mean(axis=1))
    return bound


def bits_per_dim(nats: float, values: int) -> float:
    """A log density in nats of an image of so many values in [0, 1], as bits for each value's grey level.

    The density at a grey level times the distance of two levels stands for its probability; no noise is added
    to the levels, so a model surer than one level can count less than zero bits (Theis et al. 2016).
    """
    return -nats / (values * math.log(2)) + math.log2(LEVELS)
