"""Closed forms equal torch.distributions; the draw has the posterior's mean and spread."""

import torch
from torch.distributions import Normal, kl_divergence

from cvae_lightning.models.gaussian import LOG_SIGMA_RANGE, Gaussian, draw, kl, kl_to_standard


def random_gaussian(seed: int) -> Gaussian:
    generator = torch.Generator().manual_seed(seed)
    return Gaussian(torch.randn(5, 7, generator=generator), torch.randn(5, 7, generator=generator))


def normal(gaussian: Gaussian) -> Normal:
    return Normal(gaussian.mean, gaussian.log_sigma.exp())


def test_kl_equals_the_library() -> None:
    q, p = random_gaussian(0), random_gaussian(1)
    torch.testing.assert_close(kl(q, p), kl_divergence(normal(q), normal(p)))
    torch.testing.assert_close(kl_to_standard(q), kl_divergence(normal(q), Normal(0.0, 1.0)))


def test_kl_to_itself_is_zero() -> None:
    torch.testing.assert_close(kl(random_gaussian(0), random_gaussian(0)), torch.zeros(5, 7))


def test_draw_has_the_posterior_mean_and_spread() -> None:
    q = Gaussian(torch.tensor([[3.0, -1.0]]), torch.tensor([[0.0, -2.0]]))
    noise = torch.randn(100_000, 2, generator=torch.Generator().manual_seed(0))
    z = draw(q, noise)
    torch.testing.assert_close(z.mean(0), q.mean[0], atol=0.02, rtol=0)
    torch.testing.assert_close(z.std(0), q.log_sigma[0].exp(), atol=0.01, rtol=0)


def test_raw_outputs_become_bounded_float32() -> None:
    q = Gaussian.from_raw(torch.zeros(1, 2, dtype=torch.bfloat16), torch.tensor([[-99.0, 99.0]]).bfloat16())
    assert q.mean.dtype == q.log_sigma.dtype == torch.float32
    assert q.log_sigma.tolist() == [list(LOG_SIGMA_RANGE)]
