"""Whether a sweep shows which of its settings is best, or only which came out first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cvae_lightning.evaluation.proportions import wilson
from cvae_lightning.reports.sweep_pictures import settings_text, short
from cvae_lightning.sweeps import Criterion, Job, SeedGroup, Sweep, seed_groups
from cvae_lightning.sweeps.ranking import DEFAULT, SEEDS

FEW = 5
"""Settings that a sentence still names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The metric of one setting, and how sure it is.

    Attributes:
        label: the setting.
        value: the mean over its seeds.
        low, high: ends of its interval; equal to the value where nothing is known.
        basis: what the interval is of; empty where nothing is known.
    """

    label: str
    value: float
    low: float
    high: float
    basis: str = ""

    def __str__(self) -> str:
        interval = f" ({short(self.low)} to {short(self.high)}, {self.basis})" if self.basis else ""
        return f"{self.label} with {short(self.value)}{interval}"


def estimates(sweep: Sweep, by: Criterion) -> list[Estimate]:
    """The metric of every setting with a finished job, best first."""
    return [_estimate(group, by) for group in seed_groups(sweep, by)]


def _estimate(group: SeedGroup, by: Criterion) -> Estimate:
    label = settings_text(group.jobs[0], without=SEEDS if group.jobs[1:] else ())
    seeds = f" of each of {len(group.jobs)} seeds" if group.jobs[1:] else ""
    intervals = [_sampled(job, by) for job in group.jobs]
    known = [interval for interval in intervals if interval is not None]
    if len(known) == len(group.jobs):
        low, high = min(low for low, _ in known), max(high for _, high in known)
        return Estimate(label=label, value=group.mean, low=low, high=high, basis=f"95 % interval{seeds}")
    basis = f"lowest and highest{seeds.replace(' of each', '')}" if seeds else ""
    return Estimate(label=label, value=group.mean, low=group.lowest, high=group.highest, basis=basis)


def _sampled(job: Job, by: Criterion) -> tuple[float, float] | None:
    """The interval of a share of judged samples; None for another metric or an unknown number of samples."""
    value, count = by.of(job), job.num_judged
    if by.metric != DEFAULT or value is None or not count or not 0 <= value <= 1:
        return None
    return wilson(round(value * count), count)


def claim(sweep: Sweep, by: Criterion) -> str:
    """What the sweep shows about its best setting, in a sentence or two; empty where no job has finished."""
    found = estimates(sweep, by)
    if not found:
        return ""
    best, *others = found
    first = "highest" if by.highest else "lowest"
    if not best.basis:
        return (
            f"The {first}: {best}. One run per setting, and the metric is not a share of judged samples, so nothing "
            "shows how much of the differences is chance; repeat the best settings with other seeds."
        )
    rivals = [other for other in others if (other.high >= best.low if by.highest else other.low <= best.high)]
    if not rivals:
        return f"Best: {best}. No other setting's interval reaches it."
    return (
        f"The {first}: {best}. This sweep does not show that it is best: intervals overlap with those of "
        f"{_listing([rival.label for rival in rivals])}."
    )


def _listing(labels: Sequence[str]) -> str:
    more = [f"{len(labels) - FEW} more"] if len(labels) > FEW else []
    return "; ".join([*labels[:FEW], *more])
