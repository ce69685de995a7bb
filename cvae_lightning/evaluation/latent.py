"""How much of the latent is in use: over images of different captions, and at a fixed caption.

Over images of different captions a latent varies also where the posterior only repeats what the caption says: with
slots, one blank picture per caption still gives every latent a large variance. What the model takes from the image
shows at a fixed caption.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.evaluation.model_adapter import ModelAdapter
from cvae_lightning.evaluation.real_scenes import real_images
from cvae_lightning.evaluation.settings import FIXED, EvaluationSettings
from cvae_lightning.world import parse

Floats = NDArray[np.float64]

ACTIVE = 0.01
"""Variance of the posterior mean above which a unit is active (Burda et al. 2016, section 5.2)."""
SCENES = 16
"""Scenes of each caption that the variance at a fixed caption is of."""


def active_units(variance: Floats) -> int:
    """How many latents have a variance (Z,) of their posterior means that counts as active.

    >>> active_units(np.array([1.0, 0.02, 0.005]))
    2
    """
    return int((variance > ACTIVE).sum())


def fixed_caption_units(adapter: ModelAdapter, captions: Sequence[str], settings: EvaluationSettings) -> dict[str, Any]:
    """Active units at a fixed caption, as plain data.

    For each of the first captions of the first split, scenes of its meaning are drawn and encoded with it; the
    variance of a latent's posterior mean over them, averaged over captions, decides whether it is active.
    """
    split, chosen = settings.splits[0], captions[: settings.coverage_captions]
    variances = []
    for index, caption in enumerate(chosen):
        keys = [settings.key(FIXED, split, index, k) for k in range(SCENES)]
        images = real_images(
            [parse(caption, world=adapter.world)] * SCENES, keys, adapter.model.image_size, adapter.world
        )
        variances.append(adapter.posterior_means(images, [caption] * SCENES).var(axis=0, ddof=1))
    mean = np.mean(variances, axis=0)
    return {
        "captions": len(chosen),
        "scenes": SCENES,
        "units": len(mean),
        "active_units": active_units(mean),
        "variance_by_dimension": mean.tolist(),
    }
