"""A few captions painted many times: where do the right images put their things?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from cvae_lightning.evaluation.consistency import JudgedImage, judged
from cvae_lightning.evaluation.coverage import NEIGHBOURS, Floats, coverage, positions, spread
from cvae_lightning.evaluation.model_adapter import Paint
from cvae_lightning.evaluation.settings import REAL, SAMPLE, EvaluationSettings, Key
from cvae_lightning.world import Meaning, Scene, parse, render, sample_scene


def diversity(paint: Paint, captions: Sequence[str], settings: EvaluationSettings) -> dict[str, Any]:
    """Coverage and spread of the right images of captions, as plain data.

    Args:
        paint: the generator.
        captions: the first of the first split; the settings say how many of them are painted, and how often.

    Returns:
        one row per caption, and means over the captions that have more right images than ``NEIGHBOURS``:
        ``coverage`` and ``spread`` of the model's, of as many other real scenes, and their ratio.
    """
    rows = [_row(paint, caption, i, settings) for i, caption in enumerate(captions[: settings.coverage_captions])]
    measured = [row for row in rows if "coverage" in row]
    summary: dict[str, Any] = {"captions": len(rows), "measured": len(measured)}
    for what in ("coverage", "spread") if measured else ():
        made, real = (float(np.mean([row[what][side] for row in measured])) for side in ("model", "real"))
        summary[what] = {"model": made, "real": real, "ratio": made / real}
    return summary | {"rows": rows}


def _row(paint: Paint, caption: str, index: int, settings: EvaluationSettings) -> dict[str, Any]:
    meaning, split, count = parse(caption), settings.splits[0], settings.coverage_samples
    keys = [settings.key(SAMPLE, split, index, k) for k in range(count)]
    images = paint([caption] * count, keys)
    made = _right(judged(images, [meaning] * count))
    row: dict[str, Any] = {"caption": caption, "right": len(made), "of": count}
    if len(made) <= NEIGHBOURS:
        return row
    scenes = real_scenes(meaning, [settings.key(REAL, split, index, k) for k in range(2 * len(made))])
    real = _right(judged(render(scenes, images.shape[1]), [meaning] * len(scenes)))
    half = len(real) // 2
    reference, other = real[:half], real[half:]
    row["coverage"] = {"model": coverage(reference, made), "real": coverage(reference, other)}
    row["spread"] = {"model": spread(made), "real": spread(real)}
    return row


def real_scenes(meaning: Meaning, keys: Sequence[Key]) -> list[Scene]:
    """A scene of the meaning for each key."""
    return [next(_tries(meaning, np.random.default_rng(key))) for key in keys]


def _tries(meaning: Meaning, rng: np.random.Generator) -> Iterator[Scene]:
    while True:
        scene = sample_scene(meaning, rng)
        if scene is not None:
            yield scene


def _right(images: Sequence[JudgedImage]) -> Floats:
    """(M, D) the positions in the images that pass."""
    found = [positions(image.things, image.meaning) for image in images if image.verdict.all]
    return np.stack(found) if found else np.empty((0, 0))
