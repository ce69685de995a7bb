"""Painted pictures as files: a PNG and the judge's verdict per sample, and a grid of all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from PIL import Image

from cvae_lightning.reports.grids import captioned_grid
from cvae_lightning.runs.images import save_image, slug
from cvae_lightning.runs.layout import GRID
from cvae_lightning.world import Verdict


class Painted(Protocol):
    """What is written of a picture: see :class:`cvae_lightning.inference.candidates.PaintedImage`."""

    @property
    def image(self) -> Image.Image: ...
    @property
    def caption(self) -> str: ...
    @property
    def model_caption(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def index(self) -> int: ...
    @property
    def verdict(self) -> Verdict: ...
    def record(self) -> dict[str, Any]: ...


class SampleFiles(NamedTuple):
    """Where pictures are written.

    Attributes:
        pictures: one file per sample, caption by caption.
        grid: the file with all of them.
    """

    pictures: list[Path]
    grid: Path

    @classmethod
    def planned(cls, output: Path, captions: Sequence[str], num_samples: int) -> SampleFiles:
        """The files for so many samples of each caption.

        Example:
            >>> SampleFiles.planned(Path("out"), ["a red star"], 1).pictures[0].name
            '000_a-red-star_0.png'
        """
        names = [
            output / f"{number:03d}_{slug(caption)}_{sample}.png"
            for number, caption in enumerate(captions)
            for sample in range(num_samples)
        ]
        return cls(names, output / GRID)

    def every(self) -> list[Path]:
        """All files, verdicts included."""
        return [*self.pictures, *(path.with_suffix(".json") for path in self.pictures), self.grid]


def write_samples(rows: Sequence[Sequence[Painted]], files: SampleFiles, best_of: int) -> list[bool]:
    """Write each picture with its verdict beside it, and the grid with right ones in green frames.

    Args:
        rows: the pictures of each caption.
        files: where they go.
        best_of: how many candidates each sample was chosen from.

    Returns:
        whether each picture is right.
    """
    painted = list(chain.from_iterable(rows))
    for image, path in zip(painted, files.pictures, strict=True):
        _write(image, path, best_of)
    right = [image.verdict.all for image in painted]
    columns = len(rows[0]) if len(rows[0]) > 1 else None
    grid = captioned_grid([image.image for image in painted], [image.caption for image in painted], columns, right)
    save_image(grid, files.grid, {"seed": str(painted[0].seed)})
    return right


def _write(painted: Painted, path: Path, best_of: int) -> None:
    notes = {"caption": painted.caption, "model_caption": painted.model_caption}
    save_image(painted.image, path, notes | {"seed": str(painted.seed), "index": str(painted.index)})
    with path.with_suffix(".json").open("x") as file:
        file.write(json.dumps(painted.record() | {"best_of": best_of}, indent=1) + "\n")
