"""Scenes to batches: dataset, batch sampler, tokenizer and the LightningDataModule."""

from typing import TYPE_CHECKING

from cvae_lightning.data.batch_sampler import SceneBatchSampler
from cvae_lightning.data.dataset import Example, ShapeSceneDataset
from cvae_lightning.data.lexicon import lexicon
from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.lazy import lazy_names

if TYPE_CHECKING:
    from cvae_lightning.data.datamodule import Batch, ShapeSceneDataModule, batches_done

__all__ = [
    "Batch",
    "CaptionTokenizer",
    "Example",
    "SceneBatchSampler",
    "ShapeSceneDataModule",
    "ShapeSceneDataset",
    "batches_done",
    "lexicon",
]

# Lightning, which the data module needs and painting does not, takes longer to import than a caption to be painted.
__getattr__ = lazy_names(__name__, dict.fromkeys(("Batch", "ShapeSceneDataModule", "batches_done"), "datamodule"))
