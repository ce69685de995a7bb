"""What happens around training: checkpoints, seeds, speed, pictures, judged samples, the stop at a non-finite loss."""

from cvae_lightning.training.callbacks.caption_retrieval import CaptionRetrieval
from cvae_lightning.training.callbacks.checkpoints import RunCheckpoint
from cvae_lightning.training.callbacks.judge_samples import JudgeSamples
from cvae_lightning.training.callbacks.log_images import LogImages
from cvae_lightning.training.callbacks.log_latents import LogLatents
from cvae_lightning.training.callbacks.log_optimization import LogOptimization
from cvae_lightning.training.callbacks.non_finite import StopOnNonFinite
from cvae_lightning.training.callbacks.progress import ReportProgress
from cvae_lightning.training.callbacks.pruning import Pruning
from cvae_lightning.training.callbacks.save_on_signal import SaveOnSignal
from cvae_lightning.training.callbacks.seed_each_batch import SeedEachBatch
from cvae_lightning.training.callbacks.side_threads import UseSideThread
from cvae_lightning.training.callbacks.throughput import Throughput
from cvae_lightning.training.callbacks.weight_average import WeightAverage

__all__ = [
    "CaptionRetrieval",
    "JudgeSamples",
    "LogImages",
    "LogLatents",
    "LogOptimization",
    "Pruning",
    "ReportProgress",
    "RunCheckpoint",
    "SaveOnSignal",
    "SeedEachBatch",
    "StopOnNonFinite",
    "Throughput",
    "UseSideThread",
    "WeightAverage",
]
