"""The bound under the prior that samples are drawn from, where rates are measured against another density.

The flow's density needs the exact trace of its velocity along the path of each latent, which is slow, so it is measured
at one draw of the posterior, for the first images of the first split.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cvae_lightning.data import ShapeSceneDataset
from cvae_lightning.evaluation.model_adapter import Floats, ModelAdapter
from cvae_lightning.evaluation.settings import POSTERIOR, EvaluationSettings, SceneSource


def prior_bound(adapter: ModelAdapter, settings: EvaluationSettings, source: SceneSource) -> dict[str, Any] | None:
    """Rate and evidence lower bound under the prior and under its base, at the same draws; None where both are one.

    Returns:
        plain data; ``rate`` and ``base_rate`` in nats per image, ``error`` the standard error of their difference.
    """
    if adapter.model.prior.base is None:
        return None
    split, count = settings.splits[0], min(settings.bound_images, settings.captions)
    size = adapter.model.image_size
    examples = ShapeSceneDataset(count, size, source.seed, split, source.synonyms, source.world).__getitems__(
        range(count)
    )
    images = np.stack([example.image.permute(1, 2, 0).numpy() for example in examples])
    captions = [example.caption for example in examples]
    keys = [settings.key(POSTERIOR, split, index) for index in range(count)]
    distortion = adapter.reconstruct(images, captions, keys).distortion
    base = adapter.importance_weights(images, captions, keys, draws=1)[:, 0]
    flow = adapter.prior_weights(images, captions, keys)
    return {"split": split, "images": count, **_summary(distortion, base, flow)}


def _summary(distortion: Floats, base: Floats, flow: Floats) -> dict[str, float]:
    difference = flow - base
    error = float(difference.std(ddof=1) / len(difference) ** 0.5) if len(difference) > 1 else 0.0
    return {
        "rate": float((-flow - distortion).mean()),
        "base_rate": float((-base - distortion).mean()),
        "error": error,
        "elbo": float(flow.mean()),
        "base_elbo": float(base.mean()),
    }
