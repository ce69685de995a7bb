"""The three pictures that a finished run leaves in its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cvae_lightning.pictures.grids import captioned_grid, paired_grid
from cvae_lightning.reports.curves import training_curves
from cvae_lightning.runs import TABLE, read_table
from cvae_lightning.runs.images import write_picture
from cvae_lightning.runs.layout import CURVES_PICTURE, RECONSTRUCTION_PICTURE, SAMPLES_PICTURE

Images = NDArray[np.uint8]


def draw_run(
    folder: Path,
    originals: Images,
    reconstructions: Images,
    samples: Images,
    captions: Sequence[str],
    correct: Sequence[bool] | None,
) -> list[Path]:
    """Write ``training_curves.png``, ``reconstruction.png`` and ``generated_samples.png``.

    Args:
        folder: the run folder, which has a ``metrics.csv``.
        originals: (N, S, S, 3) pictures of N scenes.
        reconstructions: (N, S, S, 3) what the model makes of them.
        samples: (N, S, S, 3) one picture per caption.
        captions: the N captions.
        correct: the judge's verdict on each sample; None where there is no judge.

    Returns:
        the files written.
    """
    files = [folder / name for name in (CURVES_PICTURE, RECONSTRUCTION_PICTURE, SAMPLES_PICTURE)]
    training_curves(read_table(folder / TABLE), files[0])
    write_picture(paired_grid(pictures_of(originals), pictures_of(reconstructions)), files[1])
    write_picture(captioned_grid(pictures_of(samples), captions, correct=correct), files[2])
    return files


def pictures_of(images: Images) -> list[Image.Image]:
    """Arrays (N, S, S, 3) as N PIL images."""
    return [Image.fromarray(image) for image in images]
