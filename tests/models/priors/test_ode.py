"""Solvers are exact where they must be, and their errors fall with the square or the first power of the step."""

import math

import pytest
import torch
from torch import Tensor

from cvae_lightning.models.priors.ode import SOLVERS, solve

START = torch.tensor([[1.0, -2.0], [0.5, 3.0]], dtype=torch.float64)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("steps", [1, 3, 24])
def test_a_constant_velocity_is_followed_exactly(solver: str, steps: int) -> None:
    speed = torch.tensor([[1.0, 2.0], [-3.0, 0.0]], dtype=torch.float64)
    torch.testing.assert_close(solve(lambda z, time: speed, START, steps, solver), START + speed)


@pytest.mark.parametrize(("solver", "order"), [("euler", 1), ("midpoint", 2), ("heun", 2)])
@pytest.mark.parametrize(
    ("velocity", "exact"),
    [
        (lambda z, time: -z, START * math.exp(-1)),
        (lambda z, time: z * math.cos(time), START * math.exp(math.sin(1))),
    ],
)
def test_errors_fall_with_the_order_of_the_solver(solver: str, order: int, velocity, exact: Tensor) -> None:
    coarse, fine = ((solve(velocity, START, steps, solver) - exact).abs() for steps in (64, 128))
    torch.testing.assert_close(coarse / fine, torch.full_like(exact, 2.0**order), rtol=0.05, atol=0)


@pytest.mark.parametrize("solver", ["midpoint", "heun"])
def test_second_order_is_exact_for_a_straight_change_of_speed(solver: str) -> None:
    torch.testing.assert_close(solve(lambda z, time: torch.full_like(z, 2 * time), START, 5, solver), START + 1)


@pytest.mark.parametrize("solver", SOLVERS)
def test_noise_flows_to_a_known_gaussian(solver: str) -> None:
    """z_t = (1 - t) e + t x with e ~ N(0, 1), x ~ N(m, s^2): the best velocity E[x - e | z_t] in closed form."""
    mean, sigma = 3.0, 0.5

    def velocity(z: Tensor, time: float) -> Tensor:
        variance = (1 - time) ** 2 + (time * sigma) ** 2
        slope = (time * sigma**2 - (1 - time)) / variance
        return mean + slope * (z - time * mean)

    noise = torch.linspace(-3, 3, 13, dtype=torch.float64)[:, None]
    end = solve(velocity, noise, 400, solver)
    torch.testing.assert_close(end, mean + sigma * noise, rtol=0, atol=0.02)
