"""A few captions painted many times: where are the objects of the right images?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cvae_lightning.evaluation.consistency import JudgedImage, judged
from cvae_lightning.evaluation.coverage import NEIGHBOURS, Floats, coverage, positions, spread
from cvae_lightning.evaluation.model_adapter import Paint
from cvae_lightning.evaluation.real_scenes import real_images
from cvae_lightning.evaluation.settings import BOOTSTRAP, REAL, SAMPLE, EvaluationSettings, Key
from cvae_lightning.world import DEFAULT, World, parse

RESAMPLES = 500
"""Of a bootstrap interval."""


def diversity(
    paint: Paint, captions: Sequence[str], settings: EvaluationSettings, world: World = DEFAULT
) -> dict[str, Any]:
    """Coverage and spread of the right images of captions, as plain data.

    Args:
        paint: the generator.
        captions: the first of the first split; the settings say how many of them are painted, and how often.
        world: of the captions.

    Returns:
        one row per caption, and means over the captions that have more right images than ``NEIGHBOURS``:
        ``coverage`` and ``spread`` of the model's, of as many other real scenes, and their ratio; ``variety``, the
        mean over captions of the ratio of spreads, and the caption with the lowest.
    """
    rows = [
        _row(paint, caption, i, settings, world) for i, caption in enumerate(captions[: settings.coverage_captions])
    ]
    measured = [row for row in rows if "coverage" in row]
    summary: dict[str, Any] = {"captions": len(rows), "measured": len(measured)}
    for what in ("coverage", "spread") if measured else ():
        made, real = (float(np.mean([row[what][side] for row in measured])) for side in ("model", "real"))
        summary[what] = {"model": made, "real": real, "ratio": made / real}
    if measured:
        worst = min(measured, key=lambda row: row["variety"]["ratio"])
        mean = float(np.mean([row["variety"]["ratio"] for row in measured]))
        summary["variety"] = {"mean": mean, "worst": worst["variety"] | {"caption": worst["caption"]}}
    return summary | {"rows": rows}


def _row(paint: Paint, caption: str, index: int, settings: EvaluationSettings, world: World) -> dict[str, Any]:
    meaning, split, count = parse(caption, world=world), settings.splits[0], settings.coverage_samples
    keys = [settings.key(SAMPLE, split, index, k) for k in range(count)]
    images = paint([caption] * count, keys)
    made = _right(judged(images, [meaning] * count, world))
    row: dict[str, Any] = {"caption": caption, "right": len(made), "of": count}
    if len(made) <= NEIGHBOURS:
        return row
    meanings = [meaning] * (2 * len(made))
    keys = [settings.key(REAL, split, index, k) for k in range(len(meanings))]
    real = _right(judged(real_images(meanings, keys, images.shape[1], world), meanings, world))
    half = len(real) // 2
    reference, other = real[:half], real[half:]
    row["coverage"] = {"model": coverage(reference, made), "real": coverage(reference, other)}
    row["spread"] = {"model": spread(made), "real": spread(real)}
    row["variety"] = _variety(made, real, settings.key(BOOTSTRAP, split, index))
    return row


def _variety(made: Floats, real: Floats, key: Key) -> dict[str, Any]:
    """The spread of positions beside that of real scenes: of all objects together, and of each object.

    Coverage does not see positions that shrink towards their mean, since those near the mean stay near real ones;
    this ratio does. Its 95 % interval is by resampling (percentile bootstrap, Efron 1979).
    """
    rng = np.random.default_rng(key)
    ratios = [spread(_resampled(made, rng)) / spread(_resampled(real, rng)) for _ in range(RESAMPLES)]
    low, high = np.quantile(ratios, (0.025, 0.975)).tolist()
    by_object = [spread(made[:, k : k + 2]) / spread(real[:, k : k + 2]) for k in range(0, made.shape[1], 2)]
    return {"ratio": spread(made) / spread(real), "low": low, "high": high, "by_object": by_object}


def _resampled(points: Floats, rng: np.random.Generator) -> Floats:
    drawn: Floats = points[rng.integers(len(points), size=len(points))]
    return drawn


def _right(images: Sequence[JudgedImage]) -> Floats:
    """(M, D) the positions in the images that pass."""
    found = [positions(image.things, image.meaning) for image in images if image.verdict.all]
    return np.stack(found) if found else np.empty((0, 0))
