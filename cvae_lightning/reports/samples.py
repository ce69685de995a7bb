"""Painted pictures as files, written as they come: a PNG and the judge's verdict per sample, and a grid."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from cvae_lightning.pictures.grids import MOST_PICTURES, captioned_grid
from cvae_lightning.runs import new_file
from cvae_lightning.runs.images import refuse_existing, save_image, slug
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
    def verdict(self) -> Verdict | None: ...
    @property
    def is_right(self) -> bool: ...
    def record(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class SampleFiles:
    """Where pictures are written.

    Attributes:
        output: the folder.
        captions: what is painted.
        num_samples: pictures of each caption.

    Example:
        >>> files = SampleFiles(Path("out"), ["a red star"], 1)
        >>> [path.name for path in files.pictures()]
        ['000_a-red-star_0.png']
    """

    output: Path
    captions: Sequence[str]
    num_samples: int

    def pictures(self) -> Iterator[Path]:
        """One file per sample, caption by caption; names sort in this order."""
        digits = len(str(self.num_samples - 1))
        for number, caption in enumerate(self.captions):
            for sample in range(self.num_samples):
                yield self.output / f"{number:03d}_{slug(caption)}_{sample:0{digits}d}.png"

    @property
    def grid(self) -> Path:
        """The file with the first of them."""
        return self.output / GRID

    @property
    def total(self) -> int:
        """How many pictures there are."""
        return len(self.captions) * self.num_samples

    def shown(self) -> list[Path]:
        """The files to name at the end: the folder stands for many pictures."""
        return [*(self.pictures() if self.total <= MOST_PICTURES else [self.output]), self.grid]

    def refuse_existing(self) -> None:
        """Raise before any work where a file would be overwritten.

        Raises:
            UserError: one of the files exists.
        """
        if self.output.is_dir() and any(path.suffix in (".png", ".json") for path in self.output.iterdir()):
            verdicts = (path.with_suffix(".json") for path in self.pictures())
            refuse_existing(chain(self.pictures(), verdicts, [self.grid]))


def write_samples(
    painted: Iterable[Painted], files: SampleFiles, best_of: int, advance: Callable[[int], None] = lambda count: None
) -> int:
    """Write each picture with its verdict beside it as it comes, then the grid of the first with their verdicts.

    Args:
        painted: the pictures of one caption after the other.
        files: where they go.
        best_of: how many candidates each sample was chosen from.
        advance: is called with how many more are written.

    Returns:
        how many of them are right.
    """
    right = 0
    first: list[Painted] = []
    for image, path in zip(painted, files.pictures(), strict=True):
        _write(image, path, best_of)
        right += image.is_right
        if len(first) < MOST_PICTURES:
            first.append(image)
        advance(1)
    _write_grid(first, files)
    return right


def _write_grid(painted: Sequence[Painted], files: SampleFiles) -> None:
    pictures, captions = [image.image for image in painted], [image.caption for image in painted]
    correct = None if painted[0].verdict is None else [image.is_right for image in painted]
    columns = files.num_samples if files.num_samples > 1 else None
    grid = captioned_grid(pictures, captions, columns, correct, files.total)
    save_image(grid, files.grid, {"seed": str(painted[0].seed)})


def _write(painted: Painted, path: Path, best_of: int) -> None:
    notes = {"caption": painted.caption, "model_caption": painted.model_caption}
    save_image(painted.image, path, notes | {"seed": str(painted.seed), "index": str(painted.index)})
    with new_file(path.with_suffix(".json"), durable=False) as file:
        file.write((json.dumps(painted.record() | {"best_of": best_of}, indent=1) + "\n").encode())
