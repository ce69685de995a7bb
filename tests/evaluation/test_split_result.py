"""A split put to a model is the same in batches of any size."""

import numpy as np
import pytest
import torch

from cvae_lightning import CaptionTokenizer, ConditionalVAE, Painter, ShapeSceneDataset
from cvae_lightning.evaluation import split_result
from cvae_lightning.evaluation.model_adapter import ModelAdapter
from cvae_lightning.evaluation.settings import EvaluationSettings, SceneSource
from cvae_lightning.evaluation.split_result import SplitResult, evaluate_split


def evaluated(batch_size: int) -> SplitResult:
    torch.manual_seed(0)
    tokenizer = CaptionTokenizer().fit(ShapeSceneDataset(50, 32).captions())
    sizes = {"image_size": 32, "latent_dim": 6, "caption_dim": 8, "base_channels": 8, "stages": 3}
    painter = Painter(ConditionalVAE(len(tokenizer), **sizes), tokenizer)
    painter.model.likelihood.running_error.fill_(0.05)  # as after training; without it the scale is the batch's
    settings = EvaluationSettings(captions=20, bound_images=7, bound_samples=3, batch_size=batch_size)
    return evaluate_split(ModelAdapter(painter, batch_size), settings, SceneSource(seed=3), "novel_pair")


def test_the_size_of_batches_changes_nothing_and_scenes_are_the_splits() -> None:
    whole, parts = evaluated(20), evaluated(6)
    assert whole.captions == parts.captions
    assert whole.captions == list(ShapeSceneDataset(20, 32, seed=3, split="novel_pair").captions())
    assert len(whole.painted) == len(whole.originals) == len(whole.stats.reconstructions) == 16
    for first, second in ((whole.painted, parts.painted), (whole.stats.reconstructions, parts.stats.reconstructions)):
        assert abs(first.astype(int) - second).max() <= 1
    assert np.array_equal(whole.originals, parts.originals)
    assert whole.log_weights.shape == parts.log_weights.shape == (7, 3)
    assert whole.log_weights == pytest.approx(parts.log_weights, rel=1e-5)
    assert whole.stats.distortion == pytest.approx(parts.stats.distortion, rel=1e-5)
    assert whole.real == parts.real


def test_a_batch_leaves_no_pictures_in_memory_but_those_that_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is the same for any number of captions, but for a few numbers of each."""
    batches: list[SplitResult] = []
    joined = split_result.joined
    monkeypatch.setattr(split_result, "joined", lambda parts: [batches.extend(parts), joined(parts)][1])
    evaluated(6)
    pictures = [kept for part in batches for kept in (part.originals, part.painted, part.stats.reconstructions)]
    assert len(batches) == 4
    assert all(kept.base is None for kept in pictures)
    assert sum(len(kept) for kept in pictures) == 3 * split_result.SHOWN
