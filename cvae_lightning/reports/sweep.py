"""What a sweep found, as a page: which job is best, for which settings, at which cost, and what did not finish."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cvae_lightning.errors import UserError
from cvae_lightning.reports import sweep_pictures as pictures
from cvae_lightning.reports.charts import svg_file
from cvae_lightning.reports.comparison import claim
from cvae_lightning.reports.document import Block, Chart, Code, Document, Picture, Section, Table, Text
from cvae_lightning.reports.sweep_pictures import short
from cvae_lightning.runs.counted import counted
from cvae_lightning.runs.images import read_image
from cvae_lightning.runs.layout import SAMPLES_PICTURE
from cvae_lightning.sweeps import Criterion, Job, Map, Sweep, best_first, maps, seed_groups
from cvae_lightning.sweeps.settings import is_number

COLUMNS = ("val/distortion", "val/rate", "val/active_units", "parameters", "training_minutes")
"""Columns of the table of jobs besides the metric; one without any value is left out."""
ACTIVE_UNITS = "val/active_units"


def sweep_report(sweep: Sweep, by: Criterion) -> Document:
    """The page about a sweep.

    Args:
        sweep: its jobs.
        by: what they are compared by.
    """
    ranked = best_first(sweep, by)
    return Document(
        f"Sweep: {sweep.name}",
        (
            Section("In short", tuple(_summary(sweep, by, ranked))),
            Section("Jobs, best first", _table(sweep, by, ranked)),
            Section("Repeat the best job", tuple(_repeat(ranked))),
            Section(f"Where {by.metric} is best", tuple(_maps(sweep, by, ranked))),
            Section("Rate and distortion", _plane(sweep)),
            Section("Active units", tuple(_active(sweep))),
            Section("Samples", tuple(_samples(by, ranked))),
            Section("Spread over seeds", tuple(_spread(sweep, by))),
            Section("Learning curves", tuple(_curves(sweep, by))),
            Section("Not finished", tuple(_rest(sweep))),
        ),
    )


def _summary(sweep: Sweep, by: Criterion, ranked: Sequence[Job]) -> Iterator[Block]:
    states = Counter(job.state for job in sweep.jobs)
    counts = ", ".join(f"{states[state]} {state}" for state in ("finished", "pruned", "failed", "unfinished"))
    minutes = sum(job.metrics.get("training_minutes", 0.0) for job in sweep.jobs)
    swept = ", ".join(sweep.keys) or "nothing"
    yield Text(
        f"{counted(len(sweep.jobs), 'job')}: {counts}. Swept: {swept}. Training took {short(minutes)} minutes in all."
    )
    yield Text(f"Compared by {by.metric}, {'highest' if by.highest else 'lowest'} first. {by.note}".strip())
    if ranked:
        yield Text(claim(sweep, by))
    if sweep.command:
        yield Code(sweep.command)


def _table(sweep: Sweep, by: Criterion, ranked: Sequence[Job]) -> tuple[Block, ...]:
    columns = [name for name in COLUMNS if name != by.metric and any(name in job.metrics for job in ranked)]
    rows = [
        [job.name, *_settings(sweep, job), *(short(job.metrics.get(name)) for name in (by.metric, *columns))]
        for job in ranked
    ]
    return (
        (Table(["job", *sweep.keys, by.metric, *columns], rows, sortable=True),)
        if rows
        else (Text("No job has finished."),)
    )


def _settings(sweep: Sweep, job: Job) -> list[str]:
    return [short(job.settings[key]) for key in sweep.keys]


def _repeat(ranked: Sequence[Job]) -> Iterator[Block]:
    if ranked and ranked[0].command:
        yield Code(ranked[0].command)
        if ranked[0].commit:
            yield Text(f"With the code of commit {ranked[0].commit}.")


def _maps(sweep: Sweep, by: Criterion, ranked: Sequence[Job]) -> Iterator[Block]:
    found = maps(sweep, by)
    if found:
        yield Chart(f"{by.metric}, mean over seeds", "maps", svg_file(pictures.heat_maps(found)))
        yield from (block for table in found for block in _cells(table))
        return
    numeric = [key for key in sweep.keys if ranked and all(is_number(job.settings[key]) for job in ranked)]
    most = sorted(numeric, key=lambda key: -len({job.settings[key] for job in ranked}))[:2]
    if len(most) == 2:
        drawn = pictures.scatter(ranked, most[1], most[0], by)
        yield Chart(f"{by.metric} of each job", "settings", svg_file(drawn))


def _cells(table: Map) -> Iterator[Block]:
    if table.title:
        yield Text(table.title)
    rows = [[short(value), *map(short, line)] for value, line in zip(table.rows, table.cells, strict=True)]
    yield Table([f"{table.row} \\ {table.column}", *map(short, table.columns)], rows)


def _plane(sweep: Sweep) -> tuple[Block, ...]:
    jobs = [job for job in sweep.of("finished") if {"val/rate", "val/distortion"} <= set(job.metrics)]
    if not jobs:
        return ()
    caption = "Each job's final validation rate and distortion"
    return (Chart(caption, "rate_distortion", svg_file(pictures.rate_distortion(jobs))),)


def _active(sweep: Sweep) -> Iterator[Block]:
    if found := maps(sweep, Criterion(ACTIVE_UNITS, highest=True)):
        yield Chart(f"{ACTIVE_UNITS}, mean over seeds", "active_units", svg_file(pictures.heat_maps(found)))
        yield from (block for table in found for block in _cells(table))


def _samples(by: Criterion, ranked: Sequence[Job]) -> Iterator[Block]:
    shown = {"Best": 0, "Median": (len(ranked) - 1) // 2, "Worst": len(ranked) - 1}
    done: set[int] = set()
    for name, index in shown.items():
        if not ranked or index in done:
            continue
        done.add(index)
        job = ranked[index]
        caption = f"{name}: job {job.name}, {by.metric} {short(by.of(job))}"
        try:
            read_image(job.folder / SAMPLES_PICTURE)
        except UserError:
            yield Text(f"{caption}. It has no readable {SAMPLES_PICTURE}.")
        else:
            yield Picture(caption, (job.folder / SAMPLES_PICTURE).read_bytes())


def _spread(sweep: Sweep, by: Criterion) -> Iterator[Block]:
    found = seed_groups(sweep, by)
    if all(len(group.jobs) < 2 for group in found):
        return
    header = [*(found[0].settings), "seeds", "mean", "lowest", "highest", "half the range"]
    yield Table(
        header,
        [
            [
                *map(short, group.settings.values()),
                ", ".join(str(job.seed) for job in group.jobs),
                *map(short, (group.mean, group.lowest, group.highest, (group.highest - group.lowest) / 2)),
            ]
            for group in found
        ],
        sortable=True,
    )


def _curves(sweep: Sweep, by: Criterion) -> Iterator[Block]:
    drawn = pictures.learning_curves(sweep.jobs, by)
    if drawn is not None:
        keys = pictures.curve_keys(sweep.jobs)
        styles = ", ".join(f"{style} by {key}" for style, key in zip(("colours", "line styles"), keys, strict=False))
        caption = f"Validation over training steps; {styles or 'one line per job'}"
        yield Chart(caption, "learning_curves", svg_file(drawn))


def _rest(sweep: Sweep) -> Iterator[Block]:
    rest = sweep.of("failed", "pruned", "unfinished")
    if rest:
        rows = [[job.name, *_settings(sweep, job), job.state, job.note, job.command] for job in rest]
        yield Table(["job", *sweep.keys, "state", "why", "command"], rows)
