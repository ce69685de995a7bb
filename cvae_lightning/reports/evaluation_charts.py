"""Charts of an evaluation from its numbers alone: shares by what captions name, confusions, the rate of latents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvae_lightning.reports.charts import MARKERS, PALETTE, cells, tip
from cvae_lightning.reports.figures import new_figure
from cvae_lightning.reports.templating import with_interval

COLUMNS = 2
SHADES = "Blues"


def slices_chart(splits: Mapping[str, Any]) -> Figure:
    """The share of right samples by form, number, colour, and so on: a panel each, a point per value and split."""
    traits = list(next(iter(splits.values()))["samples"]["by"])
    rows = -(-len(traits) // COLUMNS)
    figure = new_figure(13, 3.2 * rows + 0.4)
    panels = list(figure.subplots(rows, COLUMNS, squeeze=False).flat)
    for axes, trait in zip(panels, traits, strict=False):
        _slice(axes, trait, splits)
    for axes in panels[len(traits) :]:
        axes.set_axis_off()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=len(splits), fontsize=9)
    return figure


def _slice(axes: Axes, trait: str, splits: Mapping[str, Any]) -> None:
    values = list(dict.fromkeys(value for found in splits.values() for value in found["samples"]["by"][trait]))
    for number, (split, found) in enumerate(splits.items()):
        shift = (number - (len(splits) - 1) / 2) * 0.6 / len(splits)
        style: dict[str, Any] = {"color": PALETTE[number % len(PALETTE)], "marker": MARKERS[number % len(MARKERS)]}
        axes.plot([], [], ls="none", label=split, **style)
        for x, value in enumerate(values):
            if (cell := found["samples"]["by"][trait].get(value, {}).get("all")) is None:
                continue
            axes.plot([x + shift] * 2, [cell["low"], cell["high"]], color=style["color"], lw=1)
            (dot,) = axes.plot([x + shift], [cell["share"]], ms=5, ls="none", **style)
            tip(dot, f"{split}, {trait} {value}: {with_interval(cell)}\n{cell['passed']} of {cell['of']}")
    axes.set_xticks(range(len(values)), values)
    axes.set(title=f"by {trait}", ylabel="share of right samples")
    axes.grid(axis="y", alpha=0.3)


def confusion_chart(tables: Mapping[str, Any]) -> Figure:
    """Four tables, asked against detected; the shade is the share of the row."""
    figure = new_figure(13, 11)
    for axes, (what, table) in zip(figure.subplots(2, 2).flat, tables.items(), strict=True):
        _confusion(axes, what, table["asked"], table["seen"], table["times"])
    return figure


def _confusion(
    axes: Axes, what: str, asked: Sequence[str], found: Sequence[str], times: Sequence[Sequence[int]]
) -> None:
    def words(y: int, x: int) -> str:
        return f"{what} {asked[y]} detected as {found[x]}: {times[y][x]} of {sum(times[y])}"

    shades = [[colormaps[SHADES](count / max(1, sum(line))) for count in line] for line in times]
    cells(axes, [[str(count or "") for count in line] for line in times], shades, words)
    axes.set_xticks(range(len(found)), found, rotation=45)
    axes.set_yticks(range(len(asked)), asked)
    axes.set(title=what, xlabel="detected", ylabel="asked")


def rate_chart(rate: Sequence[float]) -> Figure:
    """The mean rate of each latent, the largest first."""
    figure = new_figure(9, 3.5)
    axes = figure.subplots()
    ordered = sorted(enumerate(rate), key=lambda pair: -pair[1])
    bars = axes.bar(range(len(rate)), [value for _, value in ordered], color=PALETTE[0])
    for bar, (index, value) in zip(bars, ordered, strict=True):
        tip(bar, f"latent {index}: {value:.2f} nats")
    axes.set(xlabel="latents, by their rate", ylabel="rate, nats per image")
    axes.grid(axis="y", alpha=0.3)
    return figure
