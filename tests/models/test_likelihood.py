"""Nats equal the library's densities; the calibrated scale is the optimum."""

import math

import pytest
import torch
from torch.distributions import Laplace, Normal

from cvae_lightning.models import GaussianLikelihood, LaplaceLikelihood
from cvae_lightning.models.likelihood import SMALLEST_SCALE

KINDS = [(GaussianLikelihood, Normal), (LaplaceLikelihood, Laplace)]


def pictures(seed: int = 0, batch: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(batch, 3, 8, 8, generator=generator), torch.rand(batch, 3, 8, 8, generator=generator)


@pytest.mark.parametrize(("kind", "density"), KINDS)
def test_fixed_scale_equals_the_library(kind, density) -> None:
    mean, images = pictures()
    expected = -density(mean, 0.3).log_prob(images).flatten(1).sum(1)
    torch.testing.assert_close(kind(scale=0.3).nll(mean, images), expected)


@pytest.mark.parametrize(("kind", "density"), KINDS)
def test_calibrated_scale_is_the_batch_optimum(kind, density) -> None:
    mean, images = pictures()
    best = kind().train().nll(mean, images).mean()
    for scale in (0.1, 0.2, 0.3, 0.4, 0.5, 0.7):
        assert best <= kind(scale=scale).nll(mean, images).mean()


@pytest.mark.parametrize(("kind", "density"), KINDS)
def test_outside_training_an_image_does_not_depend_on_its_batch(kind, density) -> None:
    likelihood = kind()
    likelihood.nll(*pictures(1))
    likelihood.eval()
    mean, images = pictures(2)
    mean[1:] = 0.0
    torch.testing.assert_close(likelihood.nll(mean, images)[:1], likelihood.nll(mean[:1], images[:1]))


def test_running_scale_follows_training_and_lives_in_the_weights() -> None:
    likelihood = GaussianLikelihood(momentum=0.5)
    mean, images = pictures()
    for _ in range(30):
        likelihood.nll(mean, images)
    expected = (mean - images).square().mean().sqrt()
    torch.testing.assert_close(likelihood.scale, expected)
    other = GaussianLikelihood()
    other.load_state_dict(likelihood.state_dict())
    torch.testing.assert_close(other.scale, expected)


def test_perfect_pictures_stay_finite() -> None:
    _, images = pictures()
    nll = GaussianLikelihood().nll(images, images)
    floor = 3 * 8 * 8 * (math.log(SMALLEST_SCALE) + 0.5 * math.log(2 * math.pi))
    torch.testing.assert_close(nll, torch.full((4,), floor))


def test_impossible_scale_is_named() -> None:
    for scale in [0.0, -1.0, math.nan, math.inf]:
        with pytest.raises(ValueError, match=f"scale is {scale}"):
            GaussianLikelihood(scale=scale)


@pytest.mark.parametrize(("kind", "density"), KINDS)
def test_training_sums_the_nats_that_evaluation_sums(kind, density) -> None:
    mean, images = pictures(3)
    likelihood = kind(momentum=1.0)
    trained = likelihood.train().nll(mean, images)  # its running scale is now this batch's
    torch.testing.assert_close(trained, likelihood.eval().nll(mean, images))
