"""What a sweep's folder holds and says, read without running anything of it (no torch, no pictures)."""

from cvae_lightning.sweeps.folder import Job, Sweep, read_sweep
from cvae_lightning.sweeps.maps import Map, maps
from cvae_lightning.sweeps.ranking import Criterion, Group, best_first, criterion, groups

__all__ = ["Criterion", "Group", "Job", "Map", "Sweep", "best_first", "criterion", "groups", "maps", "read_sweep"]
