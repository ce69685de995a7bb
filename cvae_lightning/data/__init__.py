"""Scenes, and folders of captioned pictures, to batches: datasets, batch sampler, tokenizer, LightningDataModules."""

from typing import TYPE_CHECKING

from cvae_lightning.data.batch_sampler import SceneBatchSampler
from cvae_lightning.data.dataset import Example, ShapeSceneDataset
from cvae_lightning.data.lexicon import lexicon
from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.lazy import lazy_names

if TYPE_CHECKING:
    from cvae_lightning.data.captioned import Batch, CaptionedDataModule, batches_done
    from cvae_lightning.data.datamodule import ShapeSceneDataModule
    from cvae_lightning.data.folder import CaptionedFolder
    from cvae_lightning.data.folder_datamodule import CaptionedFolderDataModule

__all__ = [
    "Batch",
    "CaptionTokenizer",
    "CaptionedDataModule",
    "CaptionedFolder",
    "CaptionedFolderDataModule",
    "Example",
    "SceneBatchSampler",
    "ShapeSceneDataModule",
    "ShapeSceneDataset",
    "batches_done",
    "lexicon",
]

# Lightning, which the data module needs and painting does not, takes longer to import than a caption to be painted.
__getattr__ = lazy_names(
    __name__,
    {
        **dict.fromkeys(("Batch", "CaptionedDataModule", "batches_done"), "captioned"),
        "ShapeSceneDataModule": "datamodule",
        "CaptionedFolder": "folder",
        "CaptionedFolderDataModule": "folder_datamodule",
    },
)
