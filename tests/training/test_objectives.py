"""The loss is what its terms say, in the unit that they say."""

import math
from dataclasses import replace
from itertools import product

import pytest
import torch

from cvae_lightning.models import Gaussian, GaussianLikelihood, LaplaceLikelihood, Reconstruction
from cvae_lightning.models.gaussian import kl_to_standard
from cvae_lightning.training import BetaELBO, Linear, PixelLoss

SIDE = 8


def reconstruction_and_images(likelihood=None) -> tuple[Reconstruction, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    images, mean = (torch.rand(4, 3, SIDE, SIDE, generator=generator) for _ in range(2))
    posterior = Gaussian(torch.randn(4, 5, generator=generator), torch.randn(4, 5, generator=generator))
    nll = (likelihood or GaussianLikelihood(1.0)).nll(mean, images)
    output = Reconstruction(
        images=mean,
        distortion=nll,
        rate=kl_to_standard(posterior),
        posterior=posterior,
        prior_loss=torch.zeros(4),
        auxiliary_loss=torch.zeros(4),
    )
    return output, images


def test_the_elbo_is_distortion_plus_rate() -> None:
    reconstruction, images = reconstruction_and_images()
    terms = BetaELBO()(reconstruction, images, epoch=0)
    assert terms.loss == pytest.approx(
        float(reconstruction.distortion.mean() + reconstruction.rate.sum(1).mean()), rel=1e-6
    )
    assert terms.beta_effective == terms.kl_weight == 1.0


def test_the_weight_ramps_and_the_loss_at_beta_does_not() -> None:
    reconstruction, images = reconstruction_and_images()
    objective = BetaELBO(beta=4.0, schedule=Linear(length=10))
    first, half, last = (objective(reconstruction, images, epoch) for epoch in (0, 5, 99))
    assert [terms.kl_weight for terms in (first, half, last)] == [0.0, 2.0, 4.0]
    assert first.loss == first.distortion
    assert first.loss_at_beta == half.loss_at_beta == last.loss_at_beta == last.loss


def test_free_bits_are_granted_to_the_batch_mean_of_each_latent() -> None:
    reconstruction, images = reconstruction_and_images()
    rate = torch.tensor([[0.0, 3.0], [1.0, 1.0]])
    terms = BetaELBO(free_bits=1.0)(replace(reconstruction, rate=rate), images, 0)
    assert terms.rate == pytest.approx(0.5 + 2.0)
    assert terms.loss - terms.distortion == pytest.approx(1.0 + 2.0, rel=1e-4)


@pytest.mark.parametrize(
    ("pixel", "likelihood", "constant"),
    [
        ("mse", GaussianLikelihood(1.0), 0.5 * math.log(2 * math.pi)),
        ("l1", LaplaceLikelihood(1.0), math.log(2)),
    ],
)
def test_the_guides_loss_is_an_elbo_in_another_unit(pixel: str, likelihood, constant: float) -> None:
    reconstruction, images = reconstruction_and_images(likelihood)
    pixel_terms = PixelLoss(beta=0.001, pixel=pixel)(reconstruction, images, 0)
    twin = BetaELBO(beta=pixel_terms.beta_effective)(reconstruction, images, 0)
    values = 3 * SIDE * SIDE
    unit = pixel_terms.beta_effective / 0.001
    assert float(twin.loss) - values * constant == pytest.approx(unit * float(pixel_terms.loss), rel=1e-5)


def test_the_guides_weight_at_256_px_is_98_nats_a_nat() -> None:
    nats = PixelLoss().nats_per_unit(torch.zeros(1, 3, 256, 256))
    assert 0.001 * nats == pytest.approx(98.3, abs=0.1)


@pytest.mark.parametrize("kind", [BetaELBO, PixelLoss])
def test_a_priors_own_loss_is_added_whatever_the_weight_and_left_out_of_the_loss_at_beta(kind) -> None:
    reconstruction, images = reconstruction_and_images()
    own = replace(reconstruction, prior_loss=torch.tensor([1.0, 2.0, 3.0, 6.0]))
    for epoch in (0, 5, 99):
        objective = kind(beta=4.0, schedule=Linear(length=10))
        plain, terms = objective(reconstruction, images, epoch), objective(own, images, epoch)
        assert terms.prior_loss == 3.0
        assert float(terms.loss) == pytest.approx(float(plain.loss) + 3.0)
        assert terms._replace(loss=plain.loss, prior_loss=plain.prior_loss) == plain
        with_auxiliary = objective(replace(reconstruction, auxiliary_loss=own.prior_loss), images, epoch)
        assert (with_auxiliary.loss, with_auxiliary.auxiliary_loss) == (terms.loss, 3.0)
        assert with_auxiliary._replace(loss=plain.loss, auxiliary_loss=plain.auxiliary_loss) == plain


@pytest.mark.parametrize("kind", [BetaELBO, PixelLoss])
def test_impossible_weights_are_refused(kind) -> None:
    for name, value in product(("beta", "free_bits"), (-1.0, math.nan, math.inf)):
        with pytest.raises(ValueError, match=rf"objective\.{name} is {value}"):
            kind(**{name: value})


def test_an_unknown_pixel_error_is_named() -> None:
    with pytest.raises(ValueError, match="'l2': expected mse or l1"):
        PixelLoss(pixel="l2")
