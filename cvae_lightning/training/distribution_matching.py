"""Distribution matching: a flow's sampler of few steps, trained to sample what the flow's many steps would."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from cvae_lightning.models import CaptionEncoding, FlowPrior, Prior
from cvae_lightning.models.priors.flow_draws import FlowDraws

SHORTEST = 1e-2
"""Added to the distance that a sample's gradient is divided by."""
TIMES = 0.02, 0.985
"""Range of the noise times: at its ends there is nothing to compare, or nothing but noise."""


class Matching(NamedTuple):
    """What is minimised in one step; scalars.

    Attributes:
        sampler: its gradient moves samples to where the flow has more of them.
        sampled_flow: the matching loss of the flow that learns the samples.
        difference: mean norm of the difference between the two flows' velocities; not minimised, 0 at the goal.
    """

    sampler: Tensor
    sampled_flow: Tensor
    difference: Tensor

    @property
    def loss(self) -> Tensor:
        """Both terms. Each has the weights of one flow alone, so their sum mixes no gradients."""
        return self.sampler + self.sampled_flow


class DistributionMatching(nn.Module):
    """Distribution matching distillation (Yin et al. 2024, eqs. 4 to 8) of a flow into its own sampler.

    The gradient is the difference of the two denoised samples, as in the paper's algorithm; its equations have the
    noise time as a further factor.

    The trained flow is copied twice: ``flow`` stays as it is, ``sampled_flow`` learns the flow of what the sampler
    gives. Samples get new noise, and the difference of the two velocities there says where samples are denser than
    the flow would have them; the sampler's gradient moves them away from there. All evaluations of the sampler,
    restarts included, are trained together and share the prior's weights, so the result is a prior like any other.
    Captions are needed, but no images.

    Args:
        prior: the trained flow. Its :attr:`~cvae_lightning.models.FlowPrior.sampler` is what is trained.
        draws: samples per caption and step.
        time_mean: mean of the noise times' logits, which are normal (Esser et al. 2024, section 3.1). At times of about
            0.9 the noise is as large as the distances that decide whether a sample is right.
        time_std: their standard deviation.
        uniform_share: share of noise times that are uniform instead.
        denoising_weight: of a second term, which moves each sample to where the flow would denoise it, as a restart
            does: more samples are right, and they vary less. 0 for the flow's own distribution.
        guidance_scale: with which the trained flow is followed, usually what its recipe samples with. The trained
            sampler then has that guidance without its cost.

    Raises:
        ValueError: a prior that is no flow, or a number out of range.

    Example:
        >>> DistributionMatching(nn.Identity())
        Traceback (most recent call last):
        ValueError: the prior is Identity, which has no flow to match: expected FlowPrior
    """

    def __init__(
        self,
        prior: Prior,
        draws: int = 8,
        time_mean: float = 2.2,
        time_std: float = 0.6,
        uniform_share: float = 0.15,
        denoising_weight: float = 0.1,
        guidance_scale: float = 1.0,
    ) -> None:
        super().__init__()
        if not isinstance(prior, FlowPrior):
            name = type(prior).__name__
            raise ValueError(f"the prior is {name}, which has no flow to match: expected FlowPrior")
        if draws < 1:
            raise ValueError(f"draws is {draws}: expected at least 1")
        if min(time_std, denoising_weight) < 0:
            numbers = f"time_std {time_std}, denoising_weight {denoising_weight}"
            raise ValueError(f"{numbers}: expected 0 or more each")
        if not 0 <= uniform_share <= 1:
            raise ValueError(f"uniform_share is {uniform_share}: expected a number from 0 to 1")
        self.draws, self.denoising_weight = draws, denoising_weight
        self.time_mean, self.time_std, self.uniform_share = time_mean, time_std, uniform_share
        self.flow, self.sampled_flow = deepcopy(prior).requires_grad_(False), deepcopy(prior)
        self.flow.set_sampler(replace(prior.sampler, guidance_scale=guidance_scale))
        self.sampled_flow.set_sampler(replace(prior.sampler, guidance_scale=1.0))

    def forward(self, prior: FlowPrior, caption: CaptionEncoding) -> Matching:
        """What the sampler of ``prior`` and the flow of its samples minimise, for B captions without gradients."""
        repeated = caption.repeat(self.draws)
        noise = torch.randn(len(repeated.pooled), prior.latent_dim, device=caption.pooled.device)
        samples = prior.sample(repeated, noise)  # (B * draws, Z)
        gradient, difference = self._gradient(samples.detach(), repeated)
        return Matching(
            sampler=(samples * gradient).sum(dim=1).mean(),
            sampled_flow=self.sampled_flow.matching_loss(self._noised(samples.detach()), caption).mean(),
            difference=difference,
        )

    @torch.no_grad()
    def _gradient(self, samples: Tensor, caption: CaptionEncoding) -> tuple[Tensor, Tensor]:
        """The gradient of the loss of samples (N, Z), and the mean norm of the difference between the velocities."""
        draws = self._noised(samples)
        wanted, found = (
            flow.guided_velocity(caption)(draws.state, draws.time) for flow in (self.flow, self.sampled_flow)
        )
        left = (1 - draws.time)[:, None]
        excess = left * (found - wanted)  # (N, Z); zero in slots that are not in use
        distance = self.flow.latents_in_use(samples - draws.state - left * wanted, caption)  # from where it is denoised
        used = self.flow.latents_in_use(torch.ones_like(samples), caption).sum(dim=1, keepdim=True).clamp(min=1)
        scale = distance.abs().sum(dim=1, keepdim=True) / used + SHORTEST  # (N, 1), of eq. 8
        return (excess + self.denoising_weight * distance) / scale, (found - wanted).norm(dim=1).mean()

    def _noised(self, samples: Tensor) -> FlowDraws:
        """Lines from new noise to samples (N, Z), and a point of each."""
        like = samples[:, 0]
        time = (self.time_mean + self.time_std * torch.randn_like(like)).sigmoid()
        time = torch.where(torch.rand_like(like) < self.uniform_share, torch.rand_like(like), time)
        return FlowDraws(samples, torch.randn_like(samples), time.clamp(*TIMES), keep=None)
