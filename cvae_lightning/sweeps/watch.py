"""How far a sweep is: a line after each job, with the time left and the best job so far."""

from __future__ import annotations

import time
from math import prod
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig

from cvae_lightning.errors import UserError
from cvae_lightning.runs import FAILURE, METRICS, final_metrics
from cvae_lightning.runs.counted import counted
from cvae_lightning.runs.duration import duration
from cvae_lightning.sweeps.ranking import DEFAULT, FALLBACK


def number_of_jobs(config: DictConfig) -> int | None:
    """How many jobs a multirun has; None where that is not known before it runs, as with ``glob``.

    Args:
        config: the multirun's, with ``hydra``.
    """
    sweeper: Any = config.hydra.sweeper
    if sweeper.get("n_trials") is not None:
        return int(sweeper.n_trials)
    params = [f"{key}={value}" for key, value in (sweeper.get("params") or {}).items()]
    try:
        overrides = OverridesParser.create().parse_overrides([*params, *config.hydra.overrides.task])
        chosen = {one.get_key_element(): one for one in overrides}  # the command's win over the config's
        return prod(sum(1 for _ in one.sweep_iterator()) if one.is_sweep_override() else 1 for one in chosen.values())
    except (HydraException, AttributeError, ValueError):
        return None


class SweepClock:
    """Counts the jobs of a sweep that have ended.

    Args:
        root: the sweep's folder.
        total: how many jobs there are; None where that is not known.
    """

    def __init__(self, root: Path, total: int | None) -> None:
        self.root, self.total = root, total
        self.begin, self.earlier = time.time(), len(_ended(root))

    def line(self) -> str:
        """How many jobs have ended, the time left by their mean, and the best so far."""
        ended = len(_ended(self.root))
        count = f"{ended} of {counted(self.total, 'job')}" if self.total else counted(ended, "job")
        now, left = ended - self.earlier, (self.total or 0) - ended
        words = [count]
        if now > 0 and left > 0:
            words.append(f"{duration((time.time() - self.begin) / now * left)} left")
        return ", ".join([*words, *_best(self.root)])


def _ended(root: Path) -> set[Path]:
    return {file.parent for name in (METRICS, FAILURE) for file in root.glob(f"*/{name}")}


def _best(root: Path) -> list[str]:
    """The best finished job by the metric that reports use; nothing where no job has it."""
    found: dict[str, dict[str, float]] = {}
    for file in root.glob(f"*/{METRICS}"):
        try:
            found[file.parent.name] = final_metrics(file.parent)
        except UserError:
            continue
    for metric, sign in ((DEFAULT, 1), (FALLBACK, -1)):
        values = {job: metrics[metric] for job, metrics in found.items() if metric in metrics}
        if values:
            best = max(sorted(values, key=lambda job: (len(job), job)), key=lambda job: sign * values[job])
            return [f"best so far: job {best}, {metric} {values[best]:.4g}"]
    return []
