"""How far the judge can be trusted, as curves: right pictures that fail and wrong pictures that pass."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvae_lightning.evaluation.alterations import ALTERATIONS, Alteration
from cvae_lightning.evaluation.damages import DAMAGES, Damage
from cvae_lightning.runs import whole_file

COLUMNS = 4
COLOURS = {"64": "#4477aa", "128": "#ee6677", "256": "#228833"}
"""Of the sides; distinct for all kinds of colour vision (Paul Tol's bright scheme)."""


def draw_failures(metrics: Mapping[str, Any], path: Path) -> None:
    """Draw the share of right pictures that fail, clean by side and altered by amount."""
    figure, panels = _figure(1 + len(ALTERATIONS))
    sides = {int(side): 100 * row["failed"] / metrics["scenes"] for side, row in metrics["clean"].items()}
    panels[0].plot(list(sides), list(sides.values()), marker="o", color="black")
    panels[0].set(title="clean", xlabel="side in pixels", ylabel="right pictures that fail, %", ylim=(-2, 102))
    for axes, (name, kind) in zip(panels[1:], ALTERATIONS.items(), strict=False):
        _curves(axes, metrics["right"][name], kind, fails=True)
        axes.set(title=name.replace("_", " "), xlabel=kind.unit, ylabel="right pictures that fail, %")
    _save(figure, path)


def draw_passes(metrics: Mapping[str, Any], path: Path) -> None:
    """Draw the share of wrong pictures that pass, by the size of the damage."""
    figure, panels = _figure(len(DAMAGES))
    for axes, (name, kind) in zip(panels, DAMAGES.items(), strict=False):
        _curves(axes, metrics["wrong"][name], kind, fails=False)
        axes.set(title=name.replace("_", " "), xlabel=kind.unit, ylabel="wrong pictures that pass, %")
    _save(figure, path)


def _figure(count: int) -> tuple[Figure, list[Axes]]:
    rows = ceil(count / COLUMNS)
    figure = Figure(figsize=(4 * COLUMNS, 3.2 * rows), layout="constrained")
    panels = list(figure.subplots(rows, COLUMNS).flat)
    for axes in panels[count:]:
        axes.set_axis_off()
    return figure, panels[:count]


def _curves(axes: Axes, by_side: Mapping[str, Any], kind: Alteration | Damage, fails: bool) -> None:
    """One curve per side, dashed without the comparison; a line at the bar of the specification."""
    for side, rows in by_side.items():
        for key, style in (("passed", "-"), ("lenient", ":")):
            passed = [100 * row[key] / row["of"] if row["of"] else float("nan") for row in rows.values()]
            shares = [100 - share for share in passed] if fails else passed
            label = f"{side} px" if key == "passed" else f"{side} px, nothing compared"
            places = range(len(shares))
            axes.plot(places, shares, style, color=COLOURS.get(side), label=label, marker="o", ms=3)
    axes.set_xticks(range(len(kind.amounts)), [f"{amount:g}" for amount in kind.amounts])
    if kind.bar is not None:
        axes.axvline(kind.amounts.index(kind.bar), color="0.7", zorder=0)
    axes.set_ylim(-2, 102)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=6)


def _save(figure: Figure, path: Path) -> None:
    with whole_file(path) as file:
        figure.savefig(file, format="png", dpi=100)
