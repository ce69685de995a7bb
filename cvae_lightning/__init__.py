"""Captions to pictures with a conditional VAE, in a world where every picture can be checked exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cvae_lightning.lazy import lazy_names

if TYPE_CHECKING:
    from cvae_lightning.data import CaptionTokenizer, ShapeSceneDataModule, ShapeSceneDataset
    from cvae_lightning.evaluation.consistency_metric import CaptionConsistency
    from cvae_lightning.evaluation.judge_pictures import judge_images
    from cvae_lightning.inference.checkpoint import load
    from cvae_lightning.inference.painter import Painter
    from cvae_lightning.models import ConditionalVAE
    from cvae_lightning.release import __version__ as __version__
    from cvae_lightning.training import CVAEModule

__all__ = [
    "CVAEModule",
    "CaptionConsistency",
    "CaptionTokenizer",
    "ConditionalVAE",
    "Painter",
    "ShapeSceneDataModule",
    "ShapeSceneDataset",
    "judge_images",
    "load",
]

__getattr__ = lazy_names(
    __name__,
    {
        "CVAEModule": "training",
        "CaptionConsistency": "evaluation.consistency_metric",
        "CaptionTokenizer": "data",
        "ConditionalVAE": "models",
        "Painter": "inference.painter",
        "ShapeSceneDataModule": "data",
        "ShapeSceneDataset": "data",
        "__version__": "release",
        "judge_images": "evaluation.judge_pictures",
        "load": "inference.checkpoint",
    },
)
