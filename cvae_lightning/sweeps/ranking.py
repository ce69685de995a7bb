"""What jobs are compared by, which is best, and how much of the difference is between seeds.

Plain dictionaries and sorting: pandas would be one more dependency of every install, for some twenty lines that are
read at the end of every sweep and must start at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.sweeps.folder import Job, Sweep
from cvae_lightning.sweeps.settings import Value

DEFAULT, FALLBACK = "val/consistency/all", "val/loss_at_beta"
SEEDS = ("seed", "data.seed", "data.shuffle_seed", "data.order_seed")  # the last is an older name of the third
"""Keys whose values repeat a setting with other random numbers."""
HIGHER = {"consistency", "psnr", "active", "coverage", "elbo", "second"}
LOWER = {"loss", "distortion", "rate", "mse", "mae", "minutes", "parameters"}
"""Words in metric names that say which direction is better."""


class Criterion(NamedTuple):
    """A metric and which direction is better.

    Attributes:
        metric: name.
        highest: whether more is better.
        note: what a reader of the comparison must know.

    Example:
        >>> Criterion("val/mse", highest=False).metric
        'val/mse'
    """

    metric: str
    highest: bool
    note: str = ""

    def of(self, job: Job) -> float | None:
        """The job's value, or None."""
        return job.metrics.get(self.metric)


class SeedGroup(NamedTuple):
    """Finished jobs of equal settings that differ in their seed.

    Attributes:
        settings: the value of each swept key but the seeds.
        jobs: those with a value of the criterion.
        mean, lowest, highest: of the criterion over them.

    Example:
        >>> group = SeedGroup({"objective.beta": 4}, jobs=(), mean=0.9, lowest=0.85, highest=0.95)
        >>> group.settings, group.mean
        ({'objective.beta': 4}, 0.9)
    """

    settings: Mapping[str, Value]
    jobs: tuple[Job, ...]
    mean: float
    lowest: float
    highest: float


def criterion(sweep: Sweep, metric: str = DEFAULT, mode: str | None = None) -> Criterion:
    """What to compare jobs by; the default falls back on the validation loss where no sample was judged.

    Raises:
        UserError: no job has the metric, or its better direction is not known.

    Example:
        >>> from pathlib import Path
        >>> from cvae_lightning.sweeps import read_sweep
        >>> for number, share in enumerate(["0.5", "0.9"]):
        ...     job = Path("sweep", str(number))
        ...     job.mkdir(parents=True)
        ...     _ = (job / "overrides.yaml").write_text(f"[objective.beta={number + 1}, seed=0]")
        ...     _ = (job / "metrics.json").write_text('{"metrics": {"val/consistency/all": %s}}' % share)
        >>> criterion(read_sweep("sweep"))
        Criterion(metric='val/consistency/all', highest=True, note='')
    """
    known = {name for job in sweep.jobs for name in job.metrics}
    known |= {name for job in sweep.jobs for row in job.table[:1] for name in row if name.startswith("val/")}
    note = ""
    if metric == DEFAULT and metric not in known:
        metric = FALLBACK
        note = (
            f"No job has {DEFAULT}, so jobs are compared by {FALLBACK}. Losses of different beta are not "
            "comparable: a lower beta alone makes them lower."
        )
    elif metric not in known:
        raise UserError(
            f"metric={metric}: no job has it{nearest_hint(metric, known)}; there are {', '.join(sorted(known))}"
        )
    return Criterion(metric, (mode or _mode(sweep, metric)) == "max", note)


def check_mode(mode: str | None) -> None:
    """Raise where a direction is neither ``max`` nor ``min``.

    Raises:
        UserError: it is another word; None is allowed.
    """
    if mode not in (None, "max", "min"):
        raise UserError(f"mode={mode}: expected max or min{nearest_hint(str(mode), ['max', 'min'])}")


def best_first(sweep: Sweep, by: Criterion) -> list[Job]:
    """The finished jobs that have the metric, best first; equal ones in the sweep's order.

    Example:
        >>> from pathlib import Path
        >>> from cvae_lightning.sweeps import read_sweep
        >>> for number, share in enumerate(["0.5", "0.9"]):
        ...     job = Path("sweep", str(number))
        ...     job.mkdir(parents=True)
        ...     _ = (job / "overrides.yaml").write_text(f"[objective.beta={number + 1}, seed=0]")
        ...     _ = (job / "metrics.json").write_text('{"metrics": {"val/consistency/all": %s}}' % share)
        >>> sweep = read_sweep("sweep")
        >>> [job.name for job in best_first(sweep, criterion(sweep))]
        ['1', '0']
    """
    valued = [(value, job) for job in sweep.of("finished") if (value := by.of(job)) is not None]
    return [job for _, job in sorted(valued, key=lambda pair: -pair[0] if by.highest else pair[0])]


def seed_groups(sweep: Sweep, by: Criterion) -> list[SeedGroup]:
    """Finished jobs grouped over seeds, best mean first.

    Example:
        >>> from pathlib import Path
        >>> from cvae_lightning.sweeps import read_sweep
        >>> for number, share in enumerate(["0.5", "0.9"]):
        ...     job = Path("sweep", str(number))
        ...     job.mkdir(parents=True)
        ...     _ = (job / "overrides.yaml").write_text(f"[objective.beta={number + 1}, seed=0]")
        ...     _ = (job / "metrics.json").write_text('{"metrics": {"val/consistency/all": %s}}' % share)
        >>> sweep = read_sweep("sweep")
        >>> [group.mean for group in seed_groups(sweep, criterion(sweep))]
        [0.9, 0.5]
    """
    keys = [key for key in sweep.keys if key not in SEEDS]
    by_settings: dict[tuple[Value, ...], list[Job]] = {}
    for job in best_first(sweep, by):
        by_settings.setdefault(tuple(job.settings[key] for key in keys), []).append(job)
    found = [_group(dict(zip(keys, values, strict=True)), jobs, by) for values, jobs in by_settings.items()]
    return sorted(found, key=lambda group: -group.mean if by.highest else group.mean)


def _group(settings: Mapping[str, Value], jobs: list[Job], by: Criterion) -> SeedGroup:
    values = [job.metrics[by.metric] for job in jobs]
    ordered = tuple(sorted(jobs, key=lambda job: str(job.seed)))
    return SeedGroup(settings, ordered, sum(values) / len(values), min(values), max(values))


def _mode(sweep: Sweep, metric: str) -> str:
    if metric in sweep.directions:
        return sweep.directions[metric]
    words = set(re.split(r"[/._]", metric))
    for mode, signals in (("max", HIGHER), ("min", LOWER)):
        if words & signals:
            return mode
    raise UserError(f"metric={metric}: whether higher or lower is better is not known; add mode=max or mode=min")
