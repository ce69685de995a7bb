"""Training curves of a run from its metrics table."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

PANELS = {
    "loss": "nats per image, or the pixel loss's own unit",
    "distortion": "nats per image",
    "rate": "nats per image",
    "mse": "mean squared error, images in [0, 1]",
    "kl_weight": "weight of the rate",
    "psnr": "dB",
}
"""Metric and unit of each panel."""
LOGARITHMIC = ("mse",)


def training_curves(rows: list[dict[str, str]], path: str | Path) -> None:
    """Draw train and validation curves of a run.

    Args:
        rows: the rows of ``metrics.csv``.
        path: the PNG to write.
    """
    figure = Figure(figsize=(13, 7), layout="constrained")
    for axes, (metric, unit) in zip(figure.subplots(2, 3).flat, PANELS.items(), strict=True):
        _panel(axes, rows, metric)
        axes.set(title=metric, xlabel="step", ylabel=unit)
    figure.savefig(path, dpi=100)


def _panel(axes: Axes, rows: list[dict[str, str]], metric: str) -> None:
    for stage, style in (("train", {"alpha": 0.6}), ("val", {"marker": "o", "markersize": 3})):
        points = [(int(r["step"]), float(r[name])) for r in rows if r.get(name := f"{stage}/{metric}")]
        if points:
            axes.plot(*zip(*points, strict=True), label=stage, **style)
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend()
    if metric in LOGARITHMIC:
        axes.set_yscale("log")
