"""Scenes to batches: dataset, batch sampler, tokenizer and the LightningDataModule."""

from cvae_lightning.data.batch_sampler import SceneBatchSampler
from cvae_lightning.data.datamodule import Batch, ShapeSceneDataModule, batches_done
from cvae_lightning.data.dataset import Example, ShapeSceneDataset
from cvae_lightning.data.lexicon import lexicon
from cvae_lightning.data.tokenizer import CaptionTokenizer

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
