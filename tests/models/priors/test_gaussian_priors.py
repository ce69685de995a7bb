"""The learned Gaussian starts as the standard one, and its rate, draws and density are what the library says."""

import pytest
import torch
from support.encodings import random_encoding, with_pooled
from torch import nn
from torch.distributions import Normal, kl_divergence

from cvae_lightning.models import CaptionEncoding, ConditionalPrior, Gaussian, SamplerConfig, StandardPrior


def captions(count: int = 4) -> CaptionEncoding:
    return random_encoding(count, 2, 6)


def trained() -> ConditionalPrior:
    """A prior whose last layer is no longer zero."""
    torch.manual_seed(0)
    prior = ConditionalPrior(5, 6, hidden=8)
    nn.init.normal_(prior.network[-1].weight, std=0.5)
    nn.init.normal_(prior.network[-1].bias)
    return prior


def test_it_starts_as_the_standard_prior() -> None:
    prior, posterior, noise = ConditionalPrior(5, 6), Gaussian(torch.randn(4, 5), torch.randn(4, 5)), torch.randn(4, 5)
    torch.testing.assert_close(prior.rate(posterior, captions()), StandardPrior(5).rate(posterior, captions()))
    assert torch.equal(prior.sample(captions(), noise), noise)
    torch.testing.assert_close(prior.log_prob(noise, captions()), StandardPrior(5).log_prob(noise, captions()))


def test_its_rate_equals_the_librarys_divergence() -> None:
    prior, caption, posterior = trained(), captions(), Gaussian(torch.randn(4, 5), torch.randn(4, 5))
    p = prior.given(caption)
    assert not torch.allclose(p.mean[0], p.mean[1])
    expected = kl_divergence(Normal(posterior.mean, posterior.log_sigma.exp()), Normal(p.mean, p.log_sigma.exp()))
    torch.testing.assert_close(prior.rate(posterior, caption), expected)
    torch.testing.assert_close(prior.rate(p, caption), torch.zeros(4, 5))


def test_densities_equal_the_librarys() -> None:
    prior, caption, z = trained(), captions(), 2 * torch.randn(4, 5)
    p = prior.given(caption)
    torch.testing.assert_close(prior.log_prob(z, caption), Normal(p.mean, p.log_sigma.exp()).log_prob(z).sum(dim=1))
    torch.testing.assert_close(StandardPrior(5).log_prob(z, caption), Normal(0.0, 1.0).log_prob(z).sum(dim=1))


def test_its_draws_have_its_mean_and_sigma() -> None:
    prior, caption = trained(), captions(1)
    with torch.no_grad():
        p = prior.given(caption)
        z = prior.sample(caption.repeat(50_000), torch.randn(50_000, 5))
    torch.testing.assert_close(z.mean(0), p.mean[0], rtol=0, atol=0.05)
    torch.testing.assert_close(z.std(0), p.log_sigma[0].exp(), rtol=0.02, atol=0)


def test_the_rate_trains_prior_caption_and_posterior() -> None:
    prior, caption = trained(), captions()
    caption = with_pooled(caption, caption.pooled.requires_grad_())
    posterior = Gaussian(torch.randn(4, 5, requires_grad=True), torch.randn(4, 5, requires_grad=True))
    prior.rate(posterior, caption).sum().backward()
    for tensor in (*prior.parameters(), caption.pooled, *posterior):
        assert tensor.grad.abs().sum() > 0


def test_priors_that_the_rate_trains_have_no_auxiliary_loss() -> None:
    posterior = Gaussian(torch.randn(4, 5), torch.randn(4, 5))
    for prior in (StandardPrior(5), trained()):
        assert torch.equal(prior.auxiliary_loss(posterior, captions()), torch.zeros(4))


def test_they_have_no_sampler() -> None:
    for prior in (StandardPrior(5), trained()):
        assert prior.sampler is None
        with pytest.raises(ValueError, match=f"{type(prior).__name__}, has no sampler to choose settings of"):
            prior.set_sampler(SamplerConfig())
