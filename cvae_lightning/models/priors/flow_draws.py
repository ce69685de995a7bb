"""What a flow's training draws at random: states between noise and posterior draws, at random times."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cvae_lightning.models.gaussian import Gaussian, draw
from cvae_lightning.models.priors.sampler import SamplerConfig


@dataclass(frozen=True, slots=True)
class FlowDraws:
    """Straight lines from noise to latents, and a point of each.

    Attributes:
        z: (N, Z) draws of the posterior, which carry no gradient back to it.
        noise: (N, Z) where each line begins.
        time: (N,) in [0, 1].
        keep: (N,) False where the caption is dropped; None where it is never.
    """

    z: Tensor
    noise: Tensor
    time: Tensor
    keep: Tensor | None

    @property
    def state(self) -> Tensor:
        """The points (N, Z)."""
        return self.noise.lerp(self.z, self.time[:, None])

    @property
    def direction(self) -> Tensor:
        """Of the lines, (N, Z)."""
        return self.z - self.noise


def flow_draws(posterior: Gaussian, count: int, sampler: SamplerConfig, caption_dropout: float) -> FlowDraws:
    """``count`` draws in succession for each row of a posterior (B, Z).

    Times are logit-normal (Esser et al. 2024, section 3.1), so most draws are where the direction is least clear;
    except for the share of steps that sampling spends on restarts, which start from one time alone.
    """
    q = Gaussian(*(field.detach().repeat_interleave(count, dim=0) for field in posterior))
    z = draw(q, torch.randn_like(q.mean))  # (B * count, Z)
    noise = torch.randn_like(z)
    time = torch.randn(len(z), device=z.device).sigmoid()
    restarting = torch.rand(len(z), device=z.device) < sampler.restarts / (sampler.steps + sampler.restarts)
    time = time.masked_fill(restarting, sampler.restart_time)
    keep = torch.rand(len(z), device=z.device) >= caption_dropout if caption_dropout else None
    return FlowDraws(z, noise, time, keep)
