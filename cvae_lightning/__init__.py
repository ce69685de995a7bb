"""Captions to pictures with a conditional VAE, in a world where every picture can be checked exactly."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cvae_lightning.data import CaptionTokenizer, ShapeSceneDataModule, ShapeSceneDataset
    from cvae_lightning.evaluation.consistency_metric import CaptionConsistency
    from cvae_lightning.evaluation.judge_pictures import judge_images
    from cvae_lightning.inference.checkpoint import load
    from cvae_lightning.inference.painter import Painter
    from cvae_lightning.models import ConditionalVAE
    from cvae_lightning.training import CVAEModule

try:
    __version__ = version("cvae-lightning")
except PackageNotFoundError:
    __version__ = "0.0.0"

_HOMES = {
    "CVAEModule": "training",
    "CaptionConsistency": "evaluation.consistency_metric",
    "CaptionTokenizer": "data",
    "ConditionalVAE": "models",
    "Painter": "inference.painter",
    "ShapeSceneDataModule": "data",
    "ShapeSceneDataset": "data",
    "judge_images": "evaluation.judge_pictures",
    "load": "inference.checkpoint",
}

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


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that config mistakes are answered before torch loads."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
