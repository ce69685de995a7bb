"""Fixed-step solvers of dz/dt = velocity(z, t) from t = 0 to 1."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

Velocity = Callable[[Tensor, float], Tensor]
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
        state = state + step * _slope(velocity, state, number * step, step, solver)
    return state


def _slope(velocity: Velocity, state: Tensor, time: float, step: float, solver: str) -> Tensor:
    first = velocity(state, time)
    if solver == "midpoint":
        return velocity(state + step / 2 * first, time + step / 2)
    if solver == "heun":
        return (first + velocity(state + step * first, time + step)) / 2
    return first
