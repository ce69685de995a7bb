"""Pictures of a sweep: heat maps, the rate-distortion plane, learning curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from cvae_lightning.sweeps import Criterion, Job, Map
from cvae_lightning.sweeps.settings import is_number

COLOURS = "viridis"
CURVES = ("val/loss_at_beta", "val/distortion", "val/rate")
MOST_NAMES = 30
"""More jobs than this are drawn without their names."""
WIDE = 30
"""A setting whose largest value is this many times its smallest is drawn on a logarithmic scale."""


def heat_maps(found: Sequence[Map]) -> bytes:
    """Maps side by side with one colour scale and their cells' values; a PNG."""
    values = [cell for one in found for line in one.cells for cell in line if cell is not None]
    low, high = min(values), max(values)
    columns = min(len(found), 3)
    rows = -(-len(found) // columns)
    width, height = 1.5 + 0.75 * len(found[0].columns), 1.3 + 0.5 * len(found[0].rows)
    figure = Figure(figsize=(max(4, width) * columns, max(2.4, height) * rows), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, one in zip(panels, found, strict=False):
        _heat_map(axes, one, Normalize(low, high if high > low else low + 1))
    for axes in panels[len(found) :]:
        axes.set_visible(False)
    return _png(figure)


def _heat_map(axes: Axes, one: Map, scale: Normalize) -> None:
    cells = np.array([[math.nan if cell is None else cell for cell in line] for line in one.cells])
    axes.imshow(cells, cmap=COLOURS, norm=scale, aspect="auto")
    axes.set(title=_words(one.title or one.metric), xlabel=one.column, ylabel=one.row)
    axes.set_xticks(range(len(one.columns)), [_words(short(value)) for value in one.columns])
    axes.set_yticks(range(len(one.rows)), [_words(short(value)) for value in one.rows])
    for y, line in enumerate(one.cells):
        for x, cell in enumerate(line):
            dark = cell is not None and scale(cell) < 0.6
            axes.text(x, y, "-" if cell is None else short(cell), ha="center", va="center", color="w" if dark else "k")


def scatter(jobs: Sequence[Job], column: str, row: str, by: Criterion) -> bytes:
    """Each job at its two settings, coloured by the metric; a PNG."""
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    points = [(job.settings[column], job.settings[row], by.of(job)) for job in jobs]
    x, y, colour = zip(*points, strict=True)
    figure.colorbar(axes.scatter(x, y, c=colour, cmap=COLOURS, s=60, edgecolor="k", lw=0.5), label=by.metric)
    axes.set(xlabel=column, ylabel=row, xscale=_scale(x), yscale=_scale(y))
    axes.grid(alpha=0.3)
    return _png(figure)


def rate_distortion(jobs: Sequence[Job]) -> bytes:
    """Each job at its final validation rate and distortion, named and coloured by beta; a PNG."""
    figure = Figure(figsize=(8, 6), layout="constrained")
    axes = figure.subplots()
    rates, distortions = ([job.metrics[f"val/{name}"] for job in jobs] for name in ("rate", "distortion"))
    betas = [job.beta for job in jobs]
    colours: dict[str, Any] = {}
    if all(is_number(beta) for beta in betas) and len(set(betas)) > 1:
        logarithmic = _scale(betas) == "log"
        colours = {"c": betas, "cmap": COLOURS, "norm": LogNorm() if logarithmic else None}
    dots = axes.scatter(rates, distortions, s=70, edgecolor="k", lw=0.5, zorder=2, **colours)
    if colours:
        figure.colorbar(dots, label="objective.beta")
    if len(jobs) <= MOST_NAMES:
        for job, rate, distortion in zip(jobs, rates, distortions, strict=True):
            said = job.name if colours else f"{job.name}: beta {short(job.beta)}"
            axes.annotate(_words(said), (rate, distortion), xytext=(6, 5), textcoords="offset points", fontsize=8)
    axes.set(xlabel="val/rate, nats per image", ylabel="val/distortion, nats per image")
    axes.margins(x=0.15, y=0.1)
    axes.grid(alpha=0.3)
    return _png(figure)


def learning_curves(jobs: Sequence[Job], by: Criterion) -> bytes | None:
    """The metric and the objective's terms over steps, one line a job; a PNG, or None without any value."""
    names = [name for name in dict.fromkeys((by.metric, *CURVES)) if any(_curve(job, name) for job in jobs)]
    if not names:
        return None
    figure = Figure(figsize=(13, 4.2 * -(-len(names) // 2)), layout="constrained")
    panels = list(figure.subplots(-(-len(names) // 2), 2, squeeze=False).flat)
    colours = colormaps[COLOURS](np.linspace(0, 0.95, len(jobs)))
    for axes, name in zip(panels, names, strict=False):
        for job, colour in zip(jobs, colours, strict=True):
            if points := _curve(job, name):
                axes.plot(*zip(*points, strict=True), color=colour, marker="o", markersize=3, label=_words(job.name))
        axes.set(title=name, xlabel="step")
        axes.grid(alpha=0.3)
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    if len(jobs) <= MOST_NAMES:
        panels[0].legend(title="job", fontsize=8, ncols=-(-len(jobs) // 10))
    return _png(figure)


def short(value: object) -> str:
    """A number in four digits; anything else as it is."""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    return "-" if value is None else str(value)


def _words(text: str) -> str:
    """Text that matplotlib shows as it is instead of reading mathematics in it."""
    return text.replace("$", r"\$")


def _curve(job: Job, name: str) -> list[tuple[int, float]]:
    points = [(int(row["step"]), float(row[name])) for row in job.table if row.get(name)]
    return [point for point in points if math.isfinite(point[1])]


def _scale(values: Sequence[Any]) -> str:
    return "log" if min(values) > 0 and max(values) > WIDE * min(values) else "linear"


def _png(figure: Figure) -> bytes:
    file = BytesIO()
    figure.savefig(file, format="png", dpi=90)
    return file.getvalue()
