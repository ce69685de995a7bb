"""The pictures of ``explore``: labelled grids, the flow as an animation, rates, positions; PNG, and SVG for a paper."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from cvae_lightning.pictures.grids import captioned_grid
from cvae_lightning.reports.charts import MARKERS, PALETTE, svg_file, tip
from cvae_lightning.reports.figures import new_figure, png_bytes
from cvae_lightning.runs import write_new

GRIDS = ("edit", "interpolation", "traversals", "noise_scales", "guidance")
FIGURES = ("rate", "positions")
CELL, LABEL = 0.9, 0.4
"""Inches of a picture and of its label in a grid for a paper."""
FRAME_SIDE, FRAME_MILLISECONDS, LAST_MILLISECONDS = 256, 120, 1500


class Labelled(Protocol):
    """Images with a label each, in rows of so many columns."""

    @property
    def images(self) -> list[Image.Image]: ...
    @property
    def labels(self) -> list[str]: ...
    @property
    def columns(self) -> int: ...


class Explored(Protocol):
    """What is shown: see :class:`cvae_lightning.inference.explore.Explored`."""

    @property
    def grids(self) -> Mapping[str, Labelled]: ...
    @property
    def frames(self) -> Sequence[Image.Image]: ...
    @property
    def rates(self) -> Sequence[float]: ...
    @property
    def positions(self) -> Mapping[str, Sequence[tuple[float, float, str]]]: ...


def explored_files(output: Path) -> list[Path]:
    """The files that may be written; ``guidance`` only of a model that was trained for it.

    Example:
        >>> sorted(path.name for path in explored_files(Path("out")))[:3]
        ['edit.png', 'edit.svg', 'flow.webp']
    """
    names = [f"{name}.{kind}" for name in (*GRIDS, *FIGURES) for kind in ("png", "svg")]
    return [output / name for name in [*names, "flow.webp"]]


def write_explored(shown: Explored, output: Path) -> list[Path]:
    """Write the files into a folder; the paths."""
    content: dict[str, bytes] = {}
    for name, grid in shown.grids.items():
        content[f"{name}.png"] = _png(captioned_grid(grid.images, grid.labels, grid.columns))
        content[f"{name}.svg"] = svg_file(_vector_grid(grid))
    for name, figure in (("rate", _rate(shown.rates)), ("positions", _positions(shown.positions))):
        content |= {f"{name}.png": png_bytes(figure), f"{name}.svg": svg_file(figure)}
    return write_new(output, content | {"flow.webp": _animation(shown.frames)})


def _vector_grid(labelled: Labelled) -> Figure:
    """Pictures in rows with their labels as text under them; the pixels stay pixels."""
    rows = -(-len(labelled.images) // labelled.columns)
    width, height = labelled.columns * (CELL + 0.08), rows * (CELL + LABEL)
    figure = Figure(figsize=(width, height))
    for number, (image, label) in enumerate(zip(labelled.images, labelled.labels, strict=True)):
        row, column = divmod(number, labelled.columns)
        left, top = column * (CELL + 0.08) + 0.04, row * (CELL + LABEL) + 0.04
        axes = figure.add_axes((left / width, 1 - (top + CELL) / height, CELL / width, CELL / height))
        axes.imshow(np.asarray(image), interpolation="none")
        axes.set_xticks([])
        axes.set_yticks([])
        for index, line in enumerate(textwrap.wrap(label, 20)[:3]):
            y = 1 - (top + CELL + 0.1 * (index + 1)) / height
            figure.text((left + CELL / 2) / width, y, line, ha="center", fontsize=6)
    return figure


def _positions(found: Mapping[str, Sequence[tuple[float, float, str]]]) -> Figure:
    """A canvas per caption with the centre of every object; colour and shape of a point say its group."""
    groups = max(len({group for _, _, group in objects}) for objects in found.values())
    figure = new_figure(4.6 * len(found), 5.0 + 0.23 * groups)  # room for titles and legends
    for axes, (caption, objects) in zip(figure.subplots(1, len(found), squeeze=False).flat, found.items(), strict=True):
        for number, group in enumerate(
            sorted({group for _, _, group in objects}, key=lambda words: (not words, words))
        ):
            points = [(x, y) for x, y, one in objects if one == group]
            label = f"{group or 'nothing that was asked for'} ({len(points)})"
            style: dict[str, Any] = {"color": PALETTE[number % len(PALETTE)], "marker": MARKERS[number % len(MARKERS)]}
            (dots,) = axes.plot(*zip(*points, strict=True), ls="none", ms=4, alpha=0.6, label=label, **style)
            tip(dots, label)
        axes.set(xlim=(0, 1), ylim=(1, 0), aspect="equal", xlabel="x", ylabel="y")
        axes.set_title("\n".join(textwrap.wrap(caption, 40)), fontsize=9)
        if objects:
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), fontsize=8)
    return figure


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _animation(frames: Sequence[Image.Image]) -> bytes:
    """An animated WebP that repeats and stays at its end for a while."""
    large = [frame.resize((FRAME_SIDE, FRAME_SIDE), Image.Resampling.NEAREST) for frame in frames]
    durations = [FRAME_MILLISECONDS] * (len(large) - 1) + [LAST_MILLISECONDS]
    file = BytesIO()
    large[0].save(file, "WEBP", save_all=True, append_images=large[1:], duration=durations, loop=0, lossless=True)
    return file.getvalue()


def _rate(rates: Sequence[float]) -> Figure:
    figure = new_figure(6, 3)
    axes = figure.add_subplot()
    for index, bar in enumerate(axes.bar(range(len(rates)), rates, color=PALETTE[0])):
        tip(bar, f"latent {index}: {rates[index]:.2f} nats")
    axes.set(xlabel="latent", ylabel="rate, nats per image", title="What each latent holds")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure
