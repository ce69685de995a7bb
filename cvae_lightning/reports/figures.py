"""How all figures are made and written: matplotlib without a screen, at one resolution."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure

from cvae_lightning.runs import write_atomic

DPI = 150
"""Pixels per inch of every figure."""


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches; it needs no window system and no matplotlib backend."""
    return Figure(figsize=(width, height), layout="constrained")


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure as a PNG."""
    write_atomic(Path(path), png_bytes(figure))


def png_bytes(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG."""
    file = BytesIO()
    figure.savefig(file, format="png", dpi=DPI)
    return file.getvalue()
