"""Caption retrieval: the bound of a pair is the model's own, and captions that cannot be told apart share a rank."""

from __future__ import annotations

import pytest
import torch

from cvae_lightning import ConditionalVAE
from cvae_lightning.evaluation.retrieval import caption_bounds, ranks, retrieval
from cvae_lightning.models import ConditionalPrior

SIZES = {"image_size": 32, "latent_dim": 4, "caption_dim": 8, "base_channels": 8, "stages": 3}
TOKENS = torch.tensor([[2, 4, 3], [2, 5, 3], [2, 6, 3]])


@pytest.fixture
def model() -> ConditionalVAE:
    torch.manual_seed(0)
    return ConditionalVAE(10, **SIZES, prior=ConditionalPrior(4, 8, hidden=8)).eval()


def test_a_pair_has_the_bound_that_the_model_gives_it_alone(model: ConditionalVAE) -> None:
    images, noise = torch.rand(3, 3, 32, 32), torch.randn(3, 4)
    bounds = caption_bounds(model, images, TOKENS, noise)
    for image in range(3):
        for caption in range(3):
            with torch.no_grad():
                out = model(images[image : image + 1], TOKENS[caption : caption + 1], noise=noise[image : image + 1])
            alone = -out.distortion - out.rate.sum(dim=1)
            assert float(bounds[image, caption]) == pytest.approx(float(alone), rel=1e-5)


def test_a_model_that_ignores_captions_is_right_by_chance() -> None:
    tokens = torch.arange(8).unsqueeze(1)
    found = retrieval(torch.randn(8, 1).expand(8, 8), tokens)
    assert (found.accuracy, found.top_5, found.mean_rank, found.chance) == (1 / 8, 5 / 8, 4.5, 1 / 8)


def test_equal_captions_are_one() -> None:
    tokens = torch.tensor([[4], [4], [5], [6]])
    bounds = torch.zeros(4, 4)
    bounds[:, 0] = bounds[:, 1] = 1.0
    found = retrieval(bounds, tokens)
    assert found.accuracy == 0.5
    assert found.chance == (2 + 2 + 1 + 1) / 16


def test_a_caption_is_found_where_every_other_explains_less() -> None:
    bounds = torch.tensor([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [1.0, 2.0, 2.0]])
    found = ranks(bounds, TOKENS)
    assert found.is_found.tolist() == [True, False, False]  # the last one is equal to another
    assert found.best.tolist() == [0, 0, 2]
    assert (1 + found.higher + found.rivals).tolist() == [1, 2, 2]
    equal = ranks(bounds, torch.tensor([[4], [4], [5]]))
    assert equal.is_found.tolist() == [True, True, False]


def test_ranks_count_the_captions_that_explain_more() -> None:
    bounds = torch.tensor([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
    found = retrieval(bounds, TOKENS)
    assert (found.accuracy, found.top_5, found.mean_rank) == (1 / 3, 1.0, 2.0)
