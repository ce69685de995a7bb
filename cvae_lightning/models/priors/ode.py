"""Fixed-step solvers of dz/dt = velocity(z, t) from t = 0 to 1."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Velocity = Callable[[Tensor, float | Tensor], Tensor]
SOLVERS = ("euler", "midpoint", "heun")
"""Of order one, two and two; the last two ask the velocity twice a step."""


def solve(velocity: Velocity, start: Tensor, steps: int, solver: str = "euler") -> Tensor:
    """The state at t = 1 of one that is ``start`` (B, Z) at t = 0.

    Args:
        velocity: (B, Z) state and time -> (B, Z) change per unit of time.
        start: (B, Z).
        steps: equal steps of time.
        solver: one of ``SOLVERS``.
    """
    state, step = start, 1 / steps
    for number in range(steps):
        state = solver_step(velocity, state, number * step, step, solver)
    return state


def solver_step(velocity: Velocity, state: Tensor, time: float | Tensor, step: float, solver: str = "euler") -> Tensor:
    """The state (B, Z) one step later, as :func:`solve` takes it."""
    return state + step * _slope(velocity, state, time, step, solver)


def _slope(velocity: Velocity, state: Tensor, time: float | Tensor, step: float, solver: str) -> Tensor:
    first = velocity(state, time)
    if solver == "midpoint":
        return velocity(state + step / 2 * first, time + step / 2)
    if solver == "heun":
        return (first + velocity(state + step * first, time + step)) / 2
    return first


def log_det_solve(velocity: Velocity, end: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """The state at t = 0 of one that is ``end`` (B, Z) at t = 1, and ``log |det d end / d start|``; (B, Z) and (B,).

    Midpoint steps backwards in time; the trace of the velocity's Jacobian is exact (Chen et al. 2018, theorem 1).
    """
    # Gradients are taken here whatever the caller's mode, so the tensors must not be inference tensors.
    with torch.inference_mode(False), torch.enable_grad():
        state, log_det, step = end.detach().clone(), torch.zeros(len(end), device=end.device), 1 / steps
        for number in range(steps, 0, -1):
            time = number * step
            slope, _ = _slope_and_trace(velocity, state, time, with_trace=False)
            middle = state - step / 2 * slope
            slope, trace = _slope_and_trace(velocity, middle, time - step / 2)
            state, log_det = state - step * slope, log_det + step * trace
    return state, log_det


def _slope_and_trace(velocity: Velocity, state: Tensor, time: float, with_trace: bool = True) -> tuple[Tensor, Tensor]:
    state = state.detach().requires_grad_(with_trace)
    slope = velocity(state, time)
    trace = torch.zeros(len(state), device=state.device)
    if with_trace:
        for column in range(state.shape[1]):
            (row,) = torch.autograd.grad(slope[:, column].sum(), state, retain_graph=True)
            trace = trace + row[:, column]
    return slope.detach(), trace
