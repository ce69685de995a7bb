"""A metric over two swept keys, averaged over seeds: one map per choice of the other keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cvae_lightning.sweeps.folder import Sweep
from cvae_lightning.sweeps.ranking import SEEDS, Criterion, SeedGroup, seed_groups
from cvae_lightning.sweeps.settings import Value, order

MOST_VALUES = 16
"""A key with more values, such as one that a search draws at random, is not made an axis of a table."""


class Map(NamedTuple):
    """A table of means.

    Attributes:
        metric: what the cells hold.
        title: the other swept keys' values, or empty.
        row, column: the keys.
        rows, columns: their values.
        cells: [row][column] mean over seeds, None where no job has finished.

    Example:
        >>> table = Map("val/mse", "", "beta", "size", rows=(1, 2), columns=(8,), cells=((0.5,), (None,)))
        >>> table.cells[0][0]
        0.5
    """

    metric: str
    title: str
    row: str
    column: str
    rows: tuple[Value, ...]
    columns: tuple[Value, ...]
    cells: tuple[tuple[float | None, ...], ...]


def maps(sweep: Sweep, by: Criterion) -> list[Map]:
    """Heat maps over the two swept keys of most values; none where fewer than two keys were swept on a grid.

    Example:
        >>> from pathlib import Path
        >>> from cvae_lightning.sweeps import criterion, read_sweep
        >>> for number in range(4):
        ...     job = Path("sweep", str(number))
        ...     job.mkdir(parents=True)
        ...     values = f"[objective.beta={number // 2}, model.latent_dim={number % 2}]"
        ...     _ = (job / "overrides.yaml").write_text(values)
        ...     _ = (job / "metrics.json").write_text('{"metrics": {"val/mse": %d}}' % number)
        >>> sweep = read_sweep("sweep")
        >>> maps(sweep, criterion(sweep, "val/mse"))[0].cells
        ((0.0, 1.0), (2.0, 3.0))
    """
    keys = [key for key in sweep.keys if key not in SEEDS]
    values = {key: order([job.settings[key] for job in sweep.jobs]) for key in keys}
    axes = sorted((key for key in keys if 2 <= len(values[key]) <= MOST_VALUES), key=lambda key: -len(values[key]))
    if len(axes) < 2:
        return []
    row, column = sorted(axes[:2], key=keys.index)
    others = [key for key in keys if key not in (row, column)]
    found: dict[tuple[Value, ...], list[SeedGroup]] = {}
    for group in seed_groups(sweep, by):
        found.setdefault(tuple(group.settings[key] for key in others), []).append(group)
    return [
        _map(by.metric, dict(zip(others, choice, strict=True)), (row, values[row]), (column, values[column]), members)
        for choice, members in sorted(found.items(), key=lambda pair: [str(value) for value in pair[0]])
    ]


def _map(
    metric: str,
    choice: dict[str, Value],
    rows: tuple[str, Sequence[Value]],
    columns: tuple[str, Sequence[Value]],
    members: Sequence[SeedGroup],
) -> Map:
    means = {(group.settings[rows[0]], group.settings[columns[0]]): group.mean for group in members}
    return Map(
        metric=metric,
        title=", ".join(f"{key}={value}" for key, value in choice.items()),
        row=rows[0],
        column=columns[0],
        rows=tuple(rows[1]),
        columns=tuple(columns[1]),
        cells=tuple(tuple(means.get((y, x)) for x in columns[1]) for y in rows[1]),
    )
