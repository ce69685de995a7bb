"""A split put to a model is the same in batches of any size."""

import numpy as np
import pytest
import torch

from cvae_lightning import CaptionTokenizer, ConditionalVAE, Painter, ShapeSceneDataset
from cvae_lightning.evaluation.model_adapter import ModelAdapter
from cvae_lightning.evaluation.settings import Plan, World
from cvae_lightning.evaluation.split_result import SplitResult, survey


def surveyed(batch_size: int) -> SplitResult:
    torch.manual_seed(0)
    tokenizer = CaptionTokenizer().fit(ShapeSceneDataset(50, 32).captions())
    sizes = {"image_size": 32, "latent_dim": 6, "caption_dim": 8, "base_channels": 8, "stages": 3}
    painter = Painter(ConditionalVAE(len(tokenizer), **sizes), tokenizer)
    painter.model.likelihood.running_error.fill_(0.05)  # as after training; without it the scale is the batch's
    plan = Plan(captions=20, bound_images=7, bound_samples=3, batch_size=batch_size)
    return survey(ModelAdapter(painter, batch_size), plan, World(seed=3), "novel_pair")


def test_the_size_of_batches_changes_nothing_and_scenes_are_the_splits() -> None:
    whole, parts = surveyed(20), surveyed(6)
    assert whole.captions == parts.captions
    assert whole.captions == list(ShapeSceneDataset(20, 32, seed=3, split="novel_pair").captions())
    assert len(whole.painted) == len(whole.originals) == len(whole.look.seen) == 16
    for first, second in ((whole.painted, parts.painted), (whole.look.seen, parts.look.seen)):
        assert abs(first.astype(int) - second).max() <= 1
    assert np.array_equal(whole.originals, parts.originals)
    assert whole.weights.shape == parts.weights.shape == (7, 3)
    assert whole.weights == pytest.approx(parts.weights, rel=1e-5)
    assert whole.look.distortion == pytest.approx(parts.look.distortion, rel=1e-5)
    assert whole.real == parts.real
