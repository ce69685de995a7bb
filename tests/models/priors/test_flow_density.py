"""The flow's density is exact where it is known, and a trained flow's integrates to one; its samples obey captions."""

import math

import pytest
import torch
from support.encodings import encoding, random_encoding
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from cvae_lightning.models import (
    CaptionEncoding,
    FlowPrior,
    Gaussian,
    LatentLayout,
    LearnedQueries,
    ObjectQueries,
    SamplerConfig,
    StandardPrior,
)


def small(kind: type[LearnedQueries] | type[ObjectQueries] = LearnedQueries) -> FlowPrior:
    torch.manual_seed(0)
    return FlowPrior(LatentLayout(4, 2), kind(2, 16, 6), caption_dim=6, layers=1)


def perturbed(kind: type[LearnedQueries] | type[ObjectQueries] = LearnedQueries) -> FlowPrior:
    prior = small(kind)
    nn.init.normal_(prior.out.weight)
    return prior


def test_a_new_flow_has_the_density_of_its_base() -> None:
    prior, z, caption = small(), 2 * torch.randn(5, 4), random_encoding(5, 2, 6)
    torch.testing.assert_close(prior.log_prob(z, caption), StandardPrior(4).log_prob(z, caption))


def test_the_density_of_a_linear_flow_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """dz/dt = A z + b carries N(0, I) to a Gaussian whose mean and covariance are known (A need not be symmetric)."""
    torch.manual_seed(0)
    matrix, shift = 0.4 * torch.randn(4, 4), torch.randn(4)

    def linear(
        self: FlowPrior, z: Tensor, time: Tensor, caption: CaptionEncoding, keep: Tensor | None = None
    ) -> Tensor:
        return z @ matrix.T + shift

    monkeypatch.setattr(FlowPrior, "velocity", linear)
    spread = torch.linalg.matrix_exp(matrix)
    mean = torch.linalg.solve(matrix, (spread - torch.eye(4)) @ shift)
    exact, z = MultivariateNormal(mean, spread @ spread.T), mean + 2 * torch.randn(6, 4)
    found = small().log_prob(z, random_encoding(6, 2, 6), steps=64)
    torch.testing.assert_close(found, exact.log_prob(z), rtol=1e-3, atol=1e-3)


def test_the_density_of_a_flow_that_depends_on_time_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """dz/dt = 2 t z carries N(0, I) to N(0, e^2 I)."""

    def stretch(
        self: FlowPrior, z: Tensor, time: Tensor, caption: CaptionEncoding, keep: Tensor | None = None
    ) -> Tensor:
        return 2 * time[:, None] * z

    monkeypatch.setattr(FlowPrior, "velocity", stretch)
    z = math.e * torch.randn(6, 4)
    exact = MultivariateNormal(torch.zeros(4), math.exp(2) * torch.eye(4)).log_prob(z)
    torch.testing.assert_close(small().log_prob(z, random_encoding(6, 2, 6)), exact, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", [LearnedQueries, ObjectQueries])
def test_the_density_is_that_of_the_jacobian_of_sampling(kind: type[LearnedQueries] | type[ObjectQueries]) -> None:
    """log p(sample(noise)) = log N(noise) - log |det d sample / d noise|, by the whole Jacobian; slots not in use
    stay standard normal."""
    prior, noise = perturbed(kind), torch.randn(1, 4)
    prior.set_sampler(SamplerConfig(steps=64, solver="midpoint"))
    caption = random_encoding(1, 2, 6, torch.tensor([[True, kind is LearnedQueries]]))
    jacobian = torch.autograd.functional.jacobian(lambda e: prior.sample(caption, e)[0], noise)[:, 0]
    expected = StandardPrior(4).log_prob(noise, caption) - jacobian.slogdet().logabsdet
    found = prior.log_prob(prior.sample(caption, noise), caption, steps=64)
    torch.testing.assert_close(found, expected, rtol=2e-2, atol=2e-2)


def test_the_density_does_not_depend_on_the_mode_that_it_is_asked_in() -> None:
    prior, z, caption = perturbed(), torch.randn(3, 4), random_encoding(3, 2, 6)
    expected = prior.log_prob(z, caption, steps=4)
    assert not torch.allclose(expected, StandardPrior(4).log_prob(z, caption))
    with torch.no_grad():
        assert torch.equal(prior.log_prob(z, caption, steps=4), expected)
    with torch.inference_mode():
        assert torch.equal(prior.log_prob(z.clone(), random_copy(caption), steps=4), expected)
    assert not expected.requires_grad
    assert all(weight.grad is None for weight in prior.parameters())


def random_copy(caption: CaptionEncoding) -> CaptionEncoding:
    """Inference tensors, as an encoder gives them in inference mode."""
    assert torch.is_inference_mode_enabled()
    return encoding(caption.pooled + 0, caption.tokens.values + 0, caption.tokens.mask.clone())


def one_bit(bits: Tensor) -> CaptionEncoding:
    """A caption that says one of two words."""
    words = nn.functional.one_hot(bits, 2).float()
    return encoding(words, words[:, None])


@pytest.fixture(scope="module")
def trained() -> FlowPrior:
    """A flow to two modes per word: the word says up or down; left or right is as likely as the other."""
    torch.manual_seed(0)
    layout, queries = LatentLayout(2, 2), LearnedQueries(2, 32, 2)
    prior = FlowPrior(layout, queries, caption_dim=2, layers=1, draws=1, caption_dropout=0.2)
    optimizer = torch.optim.Adam(prior.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 200)
    for _ in range(200):
        bits, side = torch.randint(2, (256,)), torch.randint(2, (256,))
        mean = torch.stack([3.0 * side - 1.5, 2.0 * bits - 1], dim=1)
        optimizer.zero_grad()
        prior.auxiliary_loss(Gaussian(mean, torch.full_like(mean, -2)), one_bit(bits)).mean().backward()
        optimizer.step()
        schedule.step()
    return prior


@pytest.mark.slow
def test_it_learns_two_modes_per_caption_and_obeys_the_caption(trained: FlowPrior) -> None:
    bits = torch.arange(2).repeat_interleave(500)
    with torch.no_grad():
        z = trained.sample(one_bit(bits), torch.randn(1000, 2))
        trained.set_sampler(SamplerConfig(guidance_scale=0.0))
        unconditional = trained.sample(one_bit(bits), torch.randn(1000, 2))
        trained.set_sampler(SamplerConfig())
    obeyed = z[:, 1].sign() == 2 * bits - 1
    assert obeyed.float().mean() > 0.98
    near = (z[:, 0].abs() - 1.5).square() + (z[:, 1].abs() - 1).square() < 0.25
    assert near.float().mean() > 0.9
    for half in z.chunk(2):
        assert 0.4 < (half[:, 0] > 0).float().mean() < 0.6
    assert 0.4 < (unconditional[:, 1] > 0).float().mean() < 0.6


@pytest.mark.slow
def test_a_trained_flows_density_integrates_to_one(trained: FlowPrior) -> None:
    """Riemann sums over [-3.5, 3.5] squared, the modes' standard deviation being 0.14 or more."""
    line = torch.linspace(-3.5, 3.5, 71)
    grid = torch.cartesian_prod(line, line)
    density = trained.log_prob(grid, one_bit(torch.zeros(len(grid), dtype=torch.long))).exp()
    area = float(line[1] - line[0]) ** 2
    assert float(density.sum()) * area == pytest.approx(1, abs=0.05)
    down = density[(grid[:, 1] < 0)].sum() * area
    assert down > 0.95, "the word says down"
