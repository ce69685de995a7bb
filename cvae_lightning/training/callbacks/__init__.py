"""What happens around training: checkpoints, seeds, pace, pictures, checkups and the stop at a non-finite loss."""

from cvae_lightning.training.callbacks.average import WeightAverage
from cvae_lightning.training.callbacks.bar import Bar
from cvae_lightning.training.callbacks.checkpoints import RunCheckpoint, SaveOnStop
from cvae_lightning.training.callbacks.checkup import Checkup
from cvae_lightning.training.callbacks.finite import StopAtNonFinite
from cvae_lightning.training.callbacks.pace import Pace
from cvae_lightning.training.callbacks.pictures import Pictures
from cvae_lightning.training.callbacks.pruning import Pruning
from cvae_lightning.training.callbacks.seeds import StepSeeds

__all__ = [
    "Bar",
    "Checkup",
    "Pace",
    "Pictures",
    "Pruning",
    "RunCheckpoint",
    "SaveOnStop",
    "StepSeeds",
    "StopAtNonFinite",
    "WeightAverage",
]
