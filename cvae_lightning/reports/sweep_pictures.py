"""Charts of a sweep: heat maps, the rate-distortion plane, learning curves; every shape has a tooltip."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from cvae_lightning.reports.charts import PALETTE, cells, tip
from cvae_lightning.reports.figures import new_figure
from cvae_lightning.reports.words import in_words
from cvae_lightning.sweeps import Criterion, Job, Map
from cvae_lightning.sweeps.ranking import SEEDS
from cvae_lightning.sweeps.settings import Value, is_number, order

COLOURS = "viridis"
CURVES = ("val/loss_at_beta", "val/distortion", "val/rate")
LINE_STYLES = ("-", "--", ":", "-.")
MOST_NAMES = 12
"""More points or settings than this are drawn without their names, which would overlap."""
WIDE = 30
"""A setting whose largest value is this many times its smallest is drawn on a logarithmic scale."""


def heat_maps(maps: Sequence[Map]) -> Figure:
    """Maps side by side with one colour scale and their cells' values."""
    values = [cell for table in maps for line in table.cells for cell in line if cell is not None]
    low, high = min(values), max(values)
    columns = min(len(maps), 3)
    rows = -(-len(maps) // columns)
    width, height = 1.5 + 0.75 * len(maps[0].columns), 1.3 + 0.5 * len(maps[0].rows)
    figure = new_figure(max(4, width) * columns, max(2.4, height) * rows)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, table in zip(panels, maps, strict=False):
        _heat_map(axes, table, Normalize(low, high if high > low else low + 1))
    for axes in panels[len(maps) :]:
        axes.set_visible(False)
    return figure


def _heat_map(axes: Axes, table: Map, scale: Normalize) -> None:
    texts = [["-" if cell is None else short(cell) for cell in line] for line in table.cells]
    shades = [["white" if cell is None else colormaps[COLOURS](scale(cell)) for cell in line] for line in table.cells]
    rows, columns = ([_plain_text(short(value)) for value in values] for values in (table.rows, table.columns))
    cells(
        axes,
        texts,
        shades,
        lambda y, x: f"{table.row} {rows[y]}, {table.column} {columns[x]}: {short(table.cells[y][x])}",
    )
    axes.set(title=_plain_text(table.title or in_words(table.metric)), xlabel=table.column, ylabel=table.row)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)


def scatter(jobs: Sequence[Job], column: str, row: str, by: Criterion) -> Figure:
    """Each job at its two settings, coloured by the metric."""
    figure = new_figure(7, 5)
    axes = figure.subplots()
    points = [(job.settings[column], job.settings[row]) for job in jobs]
    _dots(axes, jobs, points, [by.of(job) for job in jobs], in_words(by.metric), logarithmic=False)
    x, y = zip(*points, strict=True)
    axes.set(xlabel=column, ylabel=row, xscale=_scale(x), yscale=_scale(y))
    axes.grid(alpha=0.3)
    return figure


def rate_distortion(jobs: Sequence[Job]) -> Figure:
    """Each job at its final validation rate and distortion, coloured by beta, with its other settings."""
    figure = new_figure(8, 6)
    axes = figure.subplots()
    points = [(job.metrics["val/rate"], job.metrics["val/distortion"]) for job in jobs]
    betas = [job.beta for job in jobs]
    coloured = all(is_number(beta) for beta in betas) and len(set(betas)) > 1
    logarithmic = coloured and _scale(betas) == "log"
    _dots(axes, jobs, points, betas if coloured else None, "objective.beta", logarithmic)
    if len(jobs) <= MOST_NAMES:
        shown = ("objective.beta",) if coloured else ()
        for job, point in zip(jobs, points, strict=True):
            label = _plain_text(settings_text(job, without=shown))
            axes.annotate(label, point, xytext=(6, 5), textcoords="offset points", fontsize=8)
    axes.set(xlabel=in_words("val/rate"), ylabel=in_words("val/distortion"))
    axes.margins(x=0.15, y=0.1)
    axes.grid(alpha=0.3)
    return figure


def _dots(
    axes: Axes, jobs: Sequence[Job], points: Sequence[Any], values: Sequence[Any] | None, name: str, logarithmic: bool
) -> None:
    """A dot per job with its settings as tooltip; with values, a colour for each and a bar that explains them."""
    scale = None
    if values is not None:
        low, high = min(values), max(values)
        scale = LogNorm(low, high) if logarithmic else Normalize(low, high if high > low else low + 1)
        assert axes.figure is not None
        axes.figure.colorbar(ScalarMappable(scale, COLOURS), ax=axes, label=name)
    for index, (job, (x, y)) in enumerate(zip(jobs, points, strict=True)):
        colour = colormaps[COLOURS](scale(values[index])) if scale and values else PALETTE[0]
        (dot,) = axes.plot([x], [y], "o", ms=8, mfc=colour, mec="k", mew=0.5, zorder=3)
        value = "" if values is None else f"\n{name}: {short(values[index])}"
        tip(dot, f"job {job.name}: {settings_text(job)}\n{short(float(x))}, {short(float(y))}{value}")


def learning_curves(jobs: Sequence[Job], by: Criterion) -> Figure | None:
    """The metric and the objective's terms over steps, one line per job; None without any value.

    Colours are the values of the first swept key, line styles those of the second; seeds look alike.
    """
    names = [name for name in dict.fromkeys((by.metric, *CURVES)) if any(_curve(job, name) for job in jobs)]
    if not names:
        return None
    figure = new_figure(13, 4.2 * -(-len(names) // 2))
    panels = list(figure.subplots(-(-len(names) // 2), 2, squeeze=False).flat)
    styles = _styles(jobs)
    for axes, name in zip(panels, names, strict=False):
        for job, style in zip(jobs, styles, strict=True):
            if points := _curve(job, name):
                (line,) = axes.plot(*zip(*points, strict=True), marker="o", markersize=3, **style)
                tip(line, f"job {job.name}: {settings_text(job)}\nlast: {short(points[-1][1])}")
        axes.set(ylabel=in_words(name), xlabel="training step")
        axes.grid(alpha=0.3)
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    _legend(panels[0])
    return figure


def curve_keys(jobs: Sequence[Job]) -> list[str]:
    """The swept keys that learning curves are coloured and styled by, at most two."""
    swept = [key for key in (jobs[0].settings if jobs else {}) if key not in SEEDS]
    return swept[:2]


def _styles(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """Colour, line style and label of each job."""
    keys = curve_keys(jobs)
    values: list[list[Value]] = [order([job.settings[key] for job in jobs]) for key in keys]
    colours = colormaps[COLOURS](np.linspace(0, 0.95, max(1, len(values[0]) if values else 1)))
    styles = []
    for job in jobs:
        indices = [found.index(job.settings[key]) for key, found in zip(keys, values, strict=True)]
        styles.append(
            {
                "color": colours[indices[0] if indices else 0],
                "linestyle": LINE_STYLES[indices[1] % len(LINE_STYLES)] if len(indices) > 1 else "-",
                "label": _plain_text(", ".join(f"{_last(key)}={short(job.settings[key])}" for key in keys)),
            }
        )
    return styles


def _legend(axes: Axes) -> None:
    """One entry per setting; none where there is nothing to tell apart, or too much."""
    handles, labels = axes.get_legend_handles_labels()
    entries = dict(zip(labels, handles, strict=True))
    if set(entries) != {""} and 1 < len(entries) <= 2 * MOST_NAMES:
        axes.legend(entries.values(), entries.keys(), fontsize=8, ncols=-(-len(entries) // 10))


def settings_text(job: Job, without: Sequence[str] = ()) -> str:
    """A job's settings in a few words, by the last parts of their keys; its name where it has none."""
    settings = [f"{_last(key)}={short(value)}" for key, value in job.settings.items() if key not in without]
    return ", ".join(settings) or f"job {job.name}"


def short(value: object) -> str:
    """A number in four digits; anything else as it is.

    Example:
        >>> short(0.123456), short(None), short("flow")
        ('0.1235', '-', 'flow')
    """
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    return "-" if value is None else str(value)


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _plain_text(text: str) -> str:
    """Text that matplotlib shows as it is instead of reading mathematics in it."""
    return text.replace("$", r"\$")


def _curve(job: Job, name: str) -> list[tuple[int, float]]:
    points = [(int(row["step"]), float(row[name])) for row in job.table if row.get(name)]
    return [point for point in points if math.isfinite(point[1])]


def _scale(values: Sequence[Any]) -> str:
    return "log" if min(values) > 0 and max(values) > WIDE * min(values) else "linear"
