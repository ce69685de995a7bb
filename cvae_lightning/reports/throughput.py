"""Training speeds side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cvae_lightning.reports.figures import new_figure, save_figure


def draw_speeds(
    title: str, labels: Sequence[str], lightning: Sequence[float], bare: Sequence[float], path: str | Path
) -> None:
    """Bars of training images per second, Lightning's beside the bare loop's.

    Args:
        title: what was trained.
        labels: one per setting.
        lightning: images per second of each setting through Lightning.
        bare: the same through the bare loop.
        path: the PNG to write.
    """
    figure = new_figure(1.5 + 1.6 * len(labels), 4)
    axes = figure.subplots()
    positions = np.arange(len(labels))
    for offset, name, speeds in ((-0.2, "Lightning", lightning), (0.2, "bare loop", bare)):
        bars = axes.bar(positions + offset, speeds, width=0.4, label=name)
        axes.bar_label(bars, fmt="%.1f", padding=2)
    axes.set(title=title, ylabel="training images per second", xticks=positions)
    axes.set_xticklabels(labels)
    axes.margins(y=0.15)
    axes.legend(loc="lower center")
    save_figure(figure, path)
