"""Training speeds side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cvae_lightning.reports.figures import new_figure, save_figure


def draw_ratios(title: str, ratios: Mapping[str, tuple[float, float, float]], path: str | Path) -> None:
    """Points with intervals: how many times as fast each variant trains as the first one.

    Args:
        title: what was trained.
        ratios: median, low and high of each variant.
        path: the PNG to write.
    """
    figure = new_figure(7, 1.2 + 0.4 * len(ratios))
    axes = figure.subplots()
    for row, (median, low, high) in enumerate(ratios.values()):
        axes.errorbar(median, row, xerr=[[median - low], [high - median]], fmt="o", color="C0", capsize=3)
        axes.annotate(f"{median:.2f}", (median, row), textcoords="offset points", xytext=(0, 6), ha="center")
    axes.axvline(1, color="grey", linewidth=1)
    axes.set(title=title, xlabel="speed, as a multiple of the first one's", yticks=range(len(ratios)))
    axes.set_yticklabels(list(ratios))
    axes.invert_yaxis()
    axes.margins(y=0.2)
    save_figure(figure, path)
