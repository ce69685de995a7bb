"""The folder of a sweep as records, compared and ranked; nothing in it is run (no torch, no pictures)."""

from cvae_lightning.sweeps.folder import Job, Sweep, read_sweep
from cvae_lightning.sweeps.maps import Map, maps
from cvae_lightning.sweeps.ranking import Criterion, SeedGroup, best_first, criterion, seed_groups

__all__ = [
    "Criterion",
    "Job",
    "Map",
    "SeedGroup",
    "Sweep",
    "best_first",
    "criterion",
    "maps",
    "read_sweep",
    "seed_groups",
]
