"""Training curves of a run from its metrics table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvae_lightning.reports.charts import tip
from cvae_lightning.reports.figures import new_figure, save_figure

PANELS = {
    "loss": "nats per image, or the pixel loss's own unit",
    "distortion": "nats per image",
    "rate": "nats per image",
    "mse": "mean squared error, images in [0, 1]",
    "consistency": "share of correct pictures, by the judge",
    "kl_weight": "weight of the rate",
}
"""Metric and unit of each panel."""
LOGARITHMIC = ("mse",)
STYLES: dict[str, dict[str, Any]] = {"train": {"alpha": 0.6}, "val": {"marker": "o", "markersize": 3}}
CONSISTENCY = {"val/consistency/all": "samples", "val/consistency_reconstructed/all": "reconstructions"}
MOST_POINTS = 200
"""Of a line whose points have tooltips."""
BETWEEN = {"linestyle": "none"}
"""The KL weight changes between two validations, where a line would be wrong."""


def training_curves(rows: list[dict[str, str]], path: str | Path) -> None:
    """Write the train and validation curves of a run as a PNG.

    Args:
        rows: the rows of ``metrics.csv``.
        path: the PNG to write.
    """
    save_figure(draw_curves(rows), path)


def draw_curves(rows: list[dict[str, str]]) -> Figure:
    """A panel per entry of ``PANELS``, over the step."""
    figure = new_figure(13, 7)
    for axes, (metric, unit) in zip(figure.subplots(2, 3).flat, PANELS.items(), strict=True):
        for name, label, style in _lines(metric):
            points = [(int(row["step"]), float(row[name])) for row in rows if row.get(name)]
            if points:
                axes.plot(*zip(*points, strict=True), label=label, **style)
        axes.set(title=metric, xlabel="step", ylabel=unit)
        _finish(axes, metric)
    return figure


def curves_with_tips(rows: list[dict[str, str]]) -> Figure:
    """The same, where each point of a validation says its value; the shapes that do are not visible."""
    figure = draw_curves(rows)
    for axes in figure.axes:
        for line in list(axes.lines):
            label, points = line.get_label(), np.asarray(line.get_xydata())
            tip(line, f"{axes.get_title()}, {label}: {points[-1][1]:.4g} at last")
            for step, value in points if label != "train" and len(points) <= MOST_POINTS else ():
                (point,) = axes.plot([step], [value], "o", ms=9, alpha=0)
                tip(point, f"{axes.get_title()}, {label}: {value:.4g} at step {step:.0f}")
    return figure


def _lines(metric: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Name in the table, label and style of each line of a panel."""
    if metric == "consistency":
        return [(name, label, STYLES["val"]) for name, label in CONSISTENCY.items()]
    lines = [(f"{stage}/{metric}", stage, style) for stage, style in STYLES.items()]
    return [
        (name, label, style | BETWEEN if metric == "kl_weight" and label == "val" else style)
        for name, label, style in lines
    ]


def _finish(axes: Axes, metric: str) -> None:
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend()
    else:
        axes.text(0.5, 0.5, "not measured", ha="center", va="center", transform=axes.transAxes, color="grey")
    if metric in LOGARITHMIC:
        axes.set_yscale("log")
    if metric == "consistency":
        axes.set_ylim(-0.02, 1.02)
