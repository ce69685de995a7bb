"""The pictures of ``explore``: labelled grids, the flow as an animation, and the rate of each latent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Protocol

from PIL import Image

from cvae_lightning.pictures.grids import captioned_grid
from cvae_lightning.reports.figures import new_figure, png_bytes
from cvae_lightning.runs import write_new

GRIDS = ("edit", "interpolation", "traversals", "noise_scales")
FRAME_SIDE, FRAME_MILLISECONDS, LAST_MILLISECONDS = 256, 120, 1500
BAR = "#0072B2"
"""Blue of a palette that all readers can tell apart (Okabe & Ito 2008)."""


class Labelled(Protocol):
    """Images with a label each, in rows of so many columns."""

    @property
    def images(self) -> list[Image.Image]: ...
    @property
    def labels(self) -> list[str]: ...
    @property
    def columns(self) -> int: ...


def explored_files(output: Path) -> dict[str, Path]:
    """The files by what they show.

    Example:
        >>> sorted(path.name for path in explored_files(Path("out")).values())[:3]
        ['edit.png', 'flow.webp', 'interpolation.png']
    """
    names = [*(f"{name}.png" for name in GRIDS), "flow.webp", "rate.png", "rate.svg"]
    return {name: output / name for name in names}


def write_explored(
    grids: Mapping[str, Labelled],
    frames: Sequence[Image.Image],
    rates: Sequence[float],
    files: Mapping[str, Path],
) -> list[Path]:
    """Write the files of :func:`explored_files`.

    Args:
        grids: labelled images by name.
        frames: states of the flow, decoded, from noise to sample.
        rates: nats of each latent.
        files: where they go, in one folder.
    """
    content = {f"{name}.png": _png(_grid(grids[name])) for name in GRIDS}
    content |= {"flow.webp": _animation(frames), **_rate(rates)}
    return write_new(files["flow.webp"].parent, content)


def _grid(labelled: Labelled) -> Image.Image:
    return captioned_grid(labelled.images, labelled.labels, labelled.columns)


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


def _rate(rates: Sequence[float]) -> dict[str, bytes]:
    figure = new_figure(6, 3)
    axes = figure.add_subplot()
    axes.bar(range(len(rates)), rates, color=BAR)
    axes.set(xlabel="latent", ylabel="rate, nats per image", title="What each latent holds")
    vector = BytesIO()
    figure.savefig(vector, format="svg", metadata={"Date": None})
    return {"rate.png": png_bytes(figure), "rate.svg": vector.getvalue()}
