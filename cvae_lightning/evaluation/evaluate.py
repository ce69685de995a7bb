"""The whole examination of a model: every split, then the diversity of a few captions."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any, NamedTuple

from cvae_lightning.evaluation.diversity import diversity
from cvae_lightning.evaluation.model_adapter import ModelAdapter
from cvae_lightning.evaluation.settings import Plan, World
from cvae_lightning.evaluation.split_result import SplitResult, findings, survey
from cvae_lightning.inference.painter import Painter

log = logging.getLogger(__name__)
HOW = ("batch_size", "num_workers")
"""Settings that say how the work is done and change no number."""
DIGITS = 6


class Evaluation(NamedTuple):
    """What was found.

    Attributes:
        results: every number, as plain data with six significant digits.
        surveys: of each split, for pictures.
    """

    results: dict[str, Any]
    surveys: dict[str, SplitResult]


def examine(painter: Painter, plan: Plan, world: World) -> Evaluation:
    """Measure a trained model; the same arguments give the same results, whatever the number of workers."""
    subject = ModelAdapter(painter, plan.batch_size)
    surveys = {split: _surveyed(subject, plan, world, split) for split in plan.splits}
    log.info("painting %d captions %d times each", plan.coverage_captions, plan.coverage_samples)
    results = {
        "settings": {key: value for key, value in asdict(plan).items() if key not in HOW} | {"world": asdict(world)},
        "image_size": painter.model.image_size,
        "splits": {split: findings(seen) for split, seen in surveys.items()},
        "diversity": diversity(subject.paint, surveys[plan.splits[0]].captions, plan),
    }
    return Evaluation(rounded(results), surveys)


def _surveyed(subject: ModelAdapter, plan: Plan, world: World, split: str) -> SplitResult:
    log.info("%s: %d captions", split, plan.captions)
    return survey(subject, plan, world, split)


def rounded(node: Any) -> Any:
    """Plain data with floats of six significant digits, beyond which the order of a sum shows."""
    if isinstance(node, dict):
        return {key: rounded(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [rounded(value) for value in node]
    return float(f"{node:.{DIGITS}g}") if isinstance(node, float) else node
