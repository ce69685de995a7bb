"""The evaluation of a model: every split, then the diversity of a few captions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from cvae_lightning.evaluation.bounds import prior_of_bounds
from cvae_lightning.evaluation.diversity import diversity
from cvae_lightning.evaluation.given_information import given_information
from cvae_lightning.evaluation.latent import fixed_caption_units
from cvae_lightning.evaluation.model_adapter import Images, ModelAdapter
from cvae_lightning.evaluation.novelty import TrainingCaptions, novelty, training_captions
from cvae_lightning.evaluation.prior_bound import prior_bound
from cvae_lightning.evaluation.settings import EvaluationSettings, SceneSource
from cvae_lightning.evaluation.split_result import SplitResult, evaluate_split, findings
from cvae_lightning.inference.noise import Key
from cvae_lightning.inference.painter import Painter
from cvae_lightning.models import blueprint
from cvae_lightning.runs.counted import counted

log = logging.getLogger(__name__)
HOW = ("batch_size", "num_workers")
"""Settings that say how the work is done and change no number."""
DIGITS = 6


class Evaluation(NamedTuple):
    """What was found.

    Attributes:
        results: every number, as plain data with six significant digits.
        splits: arrays and verdicts of each split, for figures.
    """

    results: dict[str, Any]
    splits: dict[str, SplitResult]


def evaluate(
    painter: Painter,
    settings: EvaluationSettings,
    source: SceneSource,
    captions_file: Path | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> Evaluation:
    """Measure a trained model; the same arguments give the same results, whatever the number of workers.

    Args:
        painter: the model.
        settings: how much is measured.
        source: the scenes that it was trained on.
        captions_file: keeps which captions these scenes have, for the next evaluation; None for none.
        advance: is called with how many more of the settings' ``num_samples`` are painted.
    """
    adapter = ModelAdapter(painter, settings.batch_size)

    def paint(captions: Sequence[str], keys: Sequence[Key]) -> Images:
        images = adapter.paint(captions, keys)
        advance(len(images))
        return images

    splits = {split: _evaluated(adapter, settings, source, split, advance) for split in settings.splits}
    captions = splits[settings.splits[0]].captions
    training = training_captions(source, settings.num_workers, captions_file)
    repeated = counted(min(settings.coverage_captions, len(captions)), "caption")
    log.info("painting %s, each %s", repeated, counted(settings.coverage_samples, "time"))
    described = {key: value for key, value in asdict(settings).items() if key not in HOW}
    results = {
        "settings": described | {"world": source.plain()},
        "image_size": painter.model.image_size,
        "given": given_information(blueprint(painter.model)),
        "bounds_prior": prior_of_bounds(painter.model.prior),
        "prior_bound": prior_bound(adapter, settings, source),
        "splits": {split: findings(result) | _novelty(result, training) for split, result in splits.items()},
        "fixed_caption": fixed_caption_units(adapter, captions, settings),
        "diversity": diversity(paint, captions, settings, adapter.world),
    }
    return Evaluation(round_floats(results), splits)


def _evaluated(
    adapter: ModelAdapter,
    settings: EvaluationSettings,
    source: SceneSource,
    split: str,
    advance: Callable[[int], None],
) -> SplitResult:
    log.info("%s: %s", split, counted(settings.captions, "caption"))
    return evaluate_split(adapter, settings, source, split, advance)


def _novelty(result: SplitResult, training: TrainingCaptions | None) -> dict[str, Any]:
    return {} if training is None else {"novelty": novelty(result.captions, result.samples, training)}


def round_floats(node: Any) -> Any:
    """Plain data with floats of six significant digits, beyond which the order of a sum shows."""
    if isinstance(node, dict):
        return {key: round_floats(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [round_floats(value) for value in node]
    return float(f"{node:.{DIGITS}g}") if isinstance(node, float) else node
