"""How a prior with a sampler samples, while training and afterwards."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cvae_lightning.models.priors.ode import SOLVERS
from cvae_lightning.models.serialization import part


@part
@dataclass(frozen=True, kw_only=True)
class SamplerConfig:
    """Settings of a flow's sampler; none of them has weights, so a trained model can sample by other ones.

    Attributes:
        steps: of the ODE solver.
        solver: ``euler``, ``midpoint`` or ``heun``.
        guidance_scale: 1 follows the caption; more, away from what any caption would give (classifier-free guidance,
            Ho & Salimans 2022), at twice the cost.
        restarts: after the solver, how often a sample is noised a little and denoised in one step. The solver's errors
            add up; restarts remove them (Xu et al. 2023, algorithm 1; the corrector of Song et al. 2021, section 4.2).
            Each costs as much as an Euler step.
        restart_time: time that a restart goes back to. From a later one a sample moves too little to separate objects
            that touch; from an earlier one it loses its arrangement.

    Raises:
        ValueError: a number out of range, or an unknown solver.

    Example:
        >>> from dataclasses import replace
        >>> replace(SamplerConfig(steps=12, restarts=24), steps=3).restarts
        24
        >>> SamplerConfig(solver="rk4")
        Traceback (most recent call last):
        ValueError: sampler.solver is 'rk4': expected one of euler, midpoint, heun
    """

    steps: int = 24
    solver: str = "euler"
    guidance_scale: float = 1.0
    restarts: int = 0
    restart_time: float = 0.85

    def __post_init__(self) -> None:
        if self.solver not in SOLVERS:
            raise ValueError(f"sampler.solver is {self.solver!r}: expected one of {', '.join(SOLVERS)}")
        if self.steps < 1:
            raise ValueError(f"sampler.steps is {self.steps}: expected at least 1")
        if self.restarts < 0:
            raise ValueError(f"sampler.restarts is {self.restarts}: expected 0 or more, such as 24")
        if not 0 < self.restart_time < 1:
            raise ValueError(f"sampler.restart_time is {self.restart_time}: expected a time between 0 and 1")
        if not (math.isfinite(self.guidance_scale) and self.guidance_scale >= 0):
            raise ValueError(f"sampler.guidance_scale is {self.guidance_scale}: expected a finite number of 0 or more")
