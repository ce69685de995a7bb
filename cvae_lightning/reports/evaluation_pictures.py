"""The pictures of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from cvae_lightning.evaluation.consistency import JudgedImage
from cvae_lightning.evaluation.split_result import SplitResult
from cvae_lightning.pictures.grids import captioned_grid, paired_grid
from cvae_lightning.reports.charts import PALETTE, tip
from cvae_lightning.reports.figures import new_figure, save_figure
from cvae_lightning.reports.run import pictures_of
from cvae_lightning.reports.templating import with_interval
from cvae_lightning.runs import layout
from cvae_lightning.runs.images import write_picture
from cvae_lightning.world import ATOMS

CELLS = 16
"""Cells along a side of the map of positions."""


def draw_evaluation(results: dict[str, Any], results_by_split: Mapping[str, SplitResult], folder: Path) -> None:
    """Write every picture that the report shows into a folder."""
    splits = results["splits"]
    first, result = next(iter(results_by_split.items()))
    save_figure(draw_consistency(splits), folder / layout.CONSISTENCY_PICTURE)
    draw_rate(splits[first]["latent"]["rate_by_dimension"], folder / layout.RATE_PICTURE)
    draw_positions({"real scenes": result.real, "samples": result.samples}, first, folder / layout.POSITIONS_PICTURE)
    pairs = paired_grid(pictures_of(result.originals), pictures_of(result.stats.reconstructions))
    write_picture(pairs, folder / layout.RECONSTRUCTION_PICTURE)
    for split, result in results_by_split.items():
        draw_confusion(splits[split]["samples"]["confusion"], split, folder / layout.split_confusion(split))
        grid = judged_grid(result.painted, result.samples, result.captions)
        write_picture(grid, folder / layout.split_samples(split))


def draw_consistency(splits: Mapping[str, Any]) -> Figure:
    """Each atom by split, with 95 % intervals: samples in bars, reconstructions as diamonds."""
    figure = new_figure(11, 4.5)
    axes = figure.subplots()
    width = 0.8 / len(splits)
    for number, (split, found) in enumerate(splits.items()):
        positions = [index + (number - (len(splits) - 1) / 2) * width for index in range(len(ATOMS))]
        _bars(axes, found["samples"]["atoms"], positions, width, split, PALETTE[number % len(PALETTE)])
        atoms = found["reconstructions"]["atoms"]
        shares = [atoms[atom]["share"] if atom in atoms else np.nan for atom in ATOMS]
        label = "reconstructions" if number == 0 else None
        axes.plot(positions, shares, "D", color="black", ms=3.5, label=label, zorder=3)
    axes.set_xticks(range(len(ATOMS)), ATOMS)
    axes.set(title="samples that say what their caption says", ylabel="share, 95 % interval", ylim=(0, 1.03))
    axes.grid(axis="y", alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=8)
    return figure


def _bars(
    axes: Axes, atoms: Mapping[str, Any], positions: Sequence[float], width: float, label: str, colour: str
) -> None:
    known = [(x, atoms[atom]) for atom, x in zip(ATOMS, positions, strict=True) if atom in atoms]
    shares = [tally["share"] for _, tally in known]
    sides = [(tally["share"] - tally["low"], tally["high"] - tally["share"]) for _, tally in known]
    errors = np.maximum(0, np.transpose(sides))  # a rounded share may lie just outside its rounded interval
    style: dict[str, Any] = {"color": colour, "label": label, "error_kw": {"lw": 1, "ecolor": "dimgray"}}
    bars = axes.bar([x for x, _ in known], shares, width, yerr=errors, **style)
    names = [atom for atom in ATOMS if atom in atoms]
    for bar, atom in zip(bars, names, strict=True):
        tip(bar, f"{label}, {atom}: {with_interval(atoms[atom])}\n{atoms[atom]['passed']} of {atoms[atom]['of']}")


def draw_confusion(tables: dict[str, Any], split: str, path: Path) -> None:
    """Four tables, asked against seen; shade is the share of the row, numbers are times."""
    figure = new_figure(13, 11)
    for axes, (what, table) in zip(figure.subplots(2, 2).flat, tables.items(), strict=True):
        times = np.array(table["times"])
        shares = times / np.maximum(times.sum(axis=1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for (row, column), value in np.ndenumerate(times):
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(value or ""), ha="center", va="center", fontsize=7, color=colour)
        axes.set_xticks(range(len(table["seen"])), table["seen"], rotation=45)
        axes.set_yticks(range(len(table["asked"])), table["asked"])
        axes.set(title=f"{what}, {split}", xlabel="seen", ylabel="asked")
    save_figure(figure, path)


def draw_rate(rate: Sequence[float], path: Path) -> None:
    """The mean rate of each latent, the largest first."""
    figure = new_figure(9, 3.5)
    axes = figure.subplots()
    axes.bar(range(len(rate)), sorted(rate, reverse=True), width=1)
    axes.set(title=f"rate by latent dimension, {sum(rate):.1f} nats in all", xlabel="latent, by rate", ylabel="nats")
    axes.grid(axis="y", alpha=0.3)
    save_figure(figure, path)


def draw_positions(kinds: Mapping[str, Sequence[JudgedImage]], split: str, path: Path) -> None:
    """Where the centres of all detected objects lie, in real scenes and in samples, right or wrong."""
    figure = new_figure(9.5, 4.4)
    panels = figure.subplots(1, len(kinds))
    maps = [position_map(cases) for cases in kinds.values()]
    for axes, (name, cases), density in zip(panels, kinds.items(), maps, strict=True):
        image = axes.imshow(density, extent=(0, 1, 1, 0), vmin=0, vmax=max(density.max() for density in maps))
        axes.set(title=f"{name} of {split}: {sum(len(c.things) for c in cases)} objects", xlabel="x", ylabel="y")
    figure.colorbar(image, ax=panels, label=f"share of objects in a cell of {CELLS} x {CELLS}")
    save_figure(figure, path)


def position_map(cases: Sequence[JudgedImage]) -> NDArray[np.float64]:
    """(CELLS, CELLS) shares of centres, row by row from the top."""
    centres = np.array([(thing.y, thing.x) for case in cases for thing in case.things]).reshape(-1, 2)
    counts, _, _ = np.histogram2d(centres[:, 0], centres[:, 1], bins=CELLS, range=((0, 1), (0, 1)))
    shares: NDArray[np.float64] = counts / max(1, len(centres))
    return shares


def judged_grid(images: NDArray[np.uint8], judged: Sequence[JudgedImage], captions: Sequence[str]) -> Image.Image:
    """The first images over their captions, in frames that say whether the judge passes them."""
    shown = len(images)
    return captioned_grid(
        pictures_of(images), captions[:shown], correct=[image.verdict.all for image in judged[:shown]]
    )
