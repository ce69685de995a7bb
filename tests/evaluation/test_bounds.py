"""Bounds against closed forms, and a latent that nothing reads."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cvae_lightning.data import CaptionTokenizer, ShapeSceneDataset
from cvae_lightning.evaluation.bounds import bits_per_dim, importance_bound, log_weights, prior_of_bounds
from cvae_lightning.evaluation.latent import active_units
from cvae_lightning.evaluation.model_adapter import ModelAdapter
from cvae_lightning.evaluation.prior_bound import prior_bound
from cvae_lightning.evaluation.settings import POSTERIOR, EvaluationSettings, SceneSource
from cvae_lightning.evaluation.split_result import evaluate_split
from cvae_lightning.inference.noise import normal_rows
from cvae_lightning.inference.painter import Painter
from cvae_lightning.models import (
    ConditionalPrior,
    ConditionalVAE,
    ConvDecoder,
    Decoder,
    EncoderOutput,
    FlowPrior,
    Gaussian,
    GaussianLikelihood,
    LatentLayout,
    Prior,
    StandardPrior,
)
from cvae_lightning.models.gaussian import draw, kl, log_density
from cvae_lightning.models.nn.slot_queries import LearnedQueries
from cvae_lightning.training.objectives import BetaELBO

SIGMA = 0.5
TINY = {"image_size": 32, "latent_dim": 6, "caption_dim": 8, "base_channels": 8, "stages": 3}


def linear(posterior) -> SimpleNamespace:
    """z ~ N(0, I) in three dimensions, image = z + sigma noise: log p(image) is known."""
    return SimpleNamespace(
        text_encoder=lambda tokens: None,
        encoder=lambda images, caption: EncoderOutput(posterior(images.flatten(1))),
        decoder=lambda z, caption: z.view(-1, 3, 1, 1),
        likelihood=GaussianLikelihood(scale=SIGMA),
        prior=StandardPrior(3),
    )


def exact(x):
    """The true posterior of the linear model."""
    shrink = 1 / (1 + SIGMA**2)
    return Gaussian(x * shrink, torch.full_like(x, (SIGMA**2 * shrink) ** 0.5).log())


def shifted(x):
    mean, log_sigma = exact(x)
    return Gaussian(mean + 0.4, log_sigma + 0.3)


def evidence(images):
    total = torch.distributions.Normal(0.0, (1 + SIGMA**2) ** 0.5)
    return total.log_prob(images.flatten(1)).sum(dim=1).double()


def draws(batch, count, dim, seed=0):
    return torch.randn(batch, count, dim, generator=torch.Generator().manual_seed(seed))


IMAGES = torch.tensor([[0.1, 0.9, 0.4], [0.0, 0.0, 1.0]]).view(2, 3, 1, 1)


def test_with_the_true_posterior_every_weight_is_the_evidence() -> None:
    weights = log_weights(linear(exact), IMAGES, torch.zeros(2, 1), draws(2, 8, 3))
    torch.testing.assert_close(weights, evidence(IMAGES)[:, None].expand(2, 8), atol=1e-4, rtol=0)


def test_the_bound_grows_with_k_from_the_elbo_to_the_evidence() -> None:
    noise = draws(2, 1 << 12, 3)
    weights = log_weights(linear(shifted), IMAGES, torch.zeros(2, 1), noise).numpy()
    means = [importance_bound(weights.reshape(-1, k)).reshape(2, -1).mean(axis=1) for k in (1, 2, 4, 16, 256)]
    assert (np.diff(means, axis=0) > 0).all()
    truth = evidence(IMAGES).numpy()
    assert means[-1] == pytest.approx(truth, abs=0.04)
    # log p(x) - ELBO = KL(q || true posterior), in closed form
    x = IMAGES.flatten(1)
    gap = kl(shifted(x), exact(x)).sum(dim=1).numpy()
    assert truth - means[0] == pytest.approx(gap, abs=0.05)


def test_one_draw_is_the_elbo() -> None:
    weights = np.random.default_rng(0).normal(-9000, 50, (5, 1))
    assert importance_bound(weights) == pytest.approx(weights[:, 0])


def test_the_elbo_of_a_whole_model_is_the_mean_weight() -> None:
    """With the same draws the distortions are the same; the rest is the rate, drawn instead of integrated."""
    torch.manual_seed(0)
    model = ConditionalVAE(20, **TINY).eval()
    images, tokens, noise = torch.rand(3, 3, 32, 32), torch.randint(4, 20, (3, 5)), draws(3, 250, 6)
    with torch.inference_mode():
        weights = log_weights(model, images, tokens, noise)
        passes = [model(images, tokens, noise=rows) for rows in noise.unbind(dim=1)]
    distortion = torch.stack([made.distortion for made in passes], dim=1)
    surplus = weights + distortion
    error = 5 * surplus.std(dim=1) / 250**0.5
    assert ((surplus.mean(dim=1) + passes[0].rate.sum(dim=1)).abs() < error).all()


def test_weights_far_below_zero_do_not_vanish() -> None:
    weights = np.array([[-50_000.0, -50_001.0]])
    assert importance_bound(weights)[0] == pytest.approx(-50_000 + np.log((1 + np.exp(-1)) / 2))


class Moved(Prior):
    """A Gaussian that is not the standard one."""

    gaussian = Gaussian(torch.tensor([[1.0, -2.0, 0.5]]), torch.tensor([[0.3, -1.0, 0.0]]))

    def sample(self, caption, noise):
        return noise

    def rate(self, posterior, caption):
        return kl(posterior, self.gaussian)

    def log_prob(self, z, caption):
        return log_density(self.gaussian, z)


@pytest.mark.parametrize("prior", [StandardPrior(3), Moved()])
def test_the_density_is_the_one_that_the_rate_is_measured_against(prior: Prior) -> None:
    mean, log_sigma = prior.gaussian if isinstance(prior, Moved) else (torch.zeros(1, 3), torch.zeros(1, 3))
    z = draws(1, 50, 3)[0] * 2
    expected = torch.distributions.Normal(mean, log_sigma.exp()).log_prob(z).sum(dim=1)
    torch.testing.assert_close(prior.base_log_prob(z, None), expected, atol=1e-4, rtol=1e-5)


def test_bits_count_grey_levels() -> None:
    """Uniform over [0, 1] costs log2(255) bits a value; twice as dense, one bit less."""
    assert bits_per_dim(0.0, 12) == pytest.approx(np.log2(255))
    assert bits_per_dim(12 * np.log(2), 12) == pytest.approx(np.log2(255) - 1)


def test_units_are_active_where_the_mean_varies() -> None:
    means = np.random.default_rng(0).normal(size=(2000, 4)) * [1, 0.2, 0.05, 0] + [0, 0, 0, 7]
    assert active_units(means.var(axis=0)) == 2


class IgnoringDecoder(Decoder):
    """A decoder that ignores z."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = ConvDecoder(32, 6, 8, 8, 3)

    def forward(self, z, caption):
        return self.inner(torch.zeros_like(z), caption)


def test_a_latent_that_nothing_reads_has_no_active_unit() -> None:
    torch.manual_seed(0)
    model = ConditionalVAE(20, **TINY, decoder=IgnoringDecoder())
    images, tokens = torch.rand(16, 3, 1, 1) * torch.rand(16, 3, 32, 32), torch.randint(4, 20, (16, 5))

    def active() -> int:
        with torch.inference_mode():
            return active_units((10 * model.encode(images, tokens).mean).double().numpy().var(axis=0))

    assert active() > 0
    optimizer, objective = torch.optim.Adam(model.parameters(), lr=3e-3), BetaELBO()
    for _ in range(100):
        optimizer.zero_grad()
        objective(model(images, tokens), images, 0.0).loss.backward()
        optimizer.step()
    assert active() == 0


def test_the_prior_of_the_bounds_is_named() -> None:
    assert prior_of_bounds(StandardPrior(3)) == "N(0, I), which samples are drawn from"
    assert "conditional Gaussian" in prior_of_bounds(ConditionalPrior(3, 4))
    assert "the base of the flow and not the flow" in prior_of_bounds(flow())
    assert "Moved" in prior_of_bounds(Moved())


def flow() -> FlowPrior:
    """One whose velocity is z: it doubles noise times e / 2, so its density is N(0, e^2 I)."""
    prior = FlowPrior(LatentLayout(6), LearnedQueries(1, 8, 8), caption_dim=8, layers=1)
    prior.velocity = lambda z, time, caption, keep=None: z
    return prior


def test_the_flows_own_bound_is_under_its_own_density() -> None:
    torch.manual_seed(0)
    tokenizer = CaptionTokenizer().fit(ShapeSceneDataset(50, 32).captions())
    painter = Painter(ConditionalVAE(len(tokenizer), **TINY, prior=flow()), tokenizer)
    painter.model.likelihood.running_error.fill_(0.05)
    adapter, settings = ModelAdapter(painter, 4), EvaluationSettings(captions=9, bound_images=7)
    found = prior_bound(adapter, settings, SceneSource())
    assert found is not None
    assert (found["split"], found["images"]) == ("test", 7)
    assert found["elbo"] - found["base_elbo"] == pytest.approx(found["base_rate"] - found["rate"], abs=1e-3)
    examples = ShapeSceneDataset(7, 32, split="test").__getitems__(range(7))
    tokens = tokenizer.encode_batch([example.caption for example in examples])
    noise = normal_rows([settings.key(POSTERIOR, "test", index) for index in range(7)], 6)
    with torch.inference_mode():
        q = painter.model.encode(torch.stack([example.image for example in examples]) / 255, tokens)
    narrow, wide = (torch.distributions.Normal(0.0, scale).log_prob(draw(q, noise)).sum(1) for scale in (1.0, np.e))
    assert found["elbo"] - found["base_elbo"] == pytest.approx(float((wide - narrow).mean()), abs=0.01)
    assert found["error"] > 0
    split = evaluate_split(adapter, settings, SceneSource(), "test")
    assert found["base_elbo"] == pytest.approx(split.log_weights[:, 0].mean(), rel=1e-6)
    z = draws(64, 1, 6)[:, 0] * 3
    wide = torch.distributions.Normal(0.0, float(np.e)).log_prob(z).sum(dim=1)
    caption = painter.model.text_encoder(torch.full((64, 3), 5))
    torch.testing.assert_close(painter.model.prior.log_prob(z, caption), wide, atol=1e-2, rtol=1e-3)
    painter.model.prior = StandardPrior(6)
    assert prior_bound(adapter, settings, SceneSource()) is None
