"""Restarts: a sample goes back to an earlier time with new noise, and to the end again in one step.

The noise of a restart is the sample's own, rotated: it is standard normal too and nearly uncorrelated with it, and a
sample stays a function of one row of noise.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cvae_lightning.models.priors.ode import Velocity


def restarted(velocity: Velocity, z: Tensor, noise: Tensor, rotations: Tensor, time: float) -> Tensor:
    """Latents (B, Z) after one restart per rotation (Xu et al. 2023, section 3, with one step back and forth).

    Args:
        velocity: (B, Z) state and time -> (B, Z) change per unit of time.
        z: (B, Z) at time 1.
        noise: (B, Z) that the sample began as.
        rotations: (restarts, Z, Z) orthogonal.
        time: which a restart goes back to, between 0 and 1.
    """
    for rotation in rotations:
        state = torch.lerp((noise @ rotation).to(z.dtype), z, time)  # (B, Z)
        z = state + (1 - time) * velocity(state, time)
    return z


def noise_rotations(count: int, size: int) -> Tensor:
    """Orthogonal matrices (count, size, size), always the same."""
    normal = torch.randn(count, size, size, generator=torch.Generator().manual_seed(0), device="cpu")
    return torch.linalg.qr(normal).Q
