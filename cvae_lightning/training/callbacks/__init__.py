"""What happens around training: checkpoints, seeds, pace and pictures."""

from cvae_lightning.training.callbacks.average import WeightAverage
from cvae_lightning.training.callbacks.bar import Bar
from cvae_lightning.training.callbacks.checkpoints import RunCheckpoint, SaveOnStop
from cvae_lightning.training.callbacks.pace import Pace
from cvae_lightning.training.callbacks.pictures import Pictures
from cvae_lightning.training.callbacks.pruning import Pruning
from cvae_lightning.training.callbacks.seeds import StepSeeds

__all__ = ["Bar", "Pace", "Pictures", "Pruning", "RunCheckpoint", "SaveOnStop", "StepSeeds", "WeightAverage"]
