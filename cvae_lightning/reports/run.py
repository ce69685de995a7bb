"""The three pictures that a finished run leaves in its folder."""

from __future__ import annotations

from pathlib import Path

from cvae_lightning.data import Batch
from cvae_lightning.painter import Painter, to_pictures
from cvae_lightning.reports.curves import training_curves
from cvae_lightning.reports.grids import captioned_grid, paired_grid
from cvae_lightning.training.loggers import read_table


def draw_run(folder: Path, painter: Painter, scenes: Batch, seed: int = 0) -> list[Path]:
    """Write ``training_curves.png``, ``reconstruction.png`` and ``generated_samples.png``.

    Args:
        folder: the run folder, which has a ``metrics.csv``.
        painter: the trained model.
        scenes: validation scenes: the first are shown, none is picked.
        seed: seed of the samples.

    Returns:
        the files written.
    """
    files = [folder / name for name in ("training_curves.png", "reconstruction.png", "generated_samples.png")]
    training_curves(read_table(folder / "metrics.csv"), files[0])
    originals = to_pictures(scenes.images)
    paired_grid(originals, painter.reconstruct(originals, scenes.captions)).save(files[1])
    samples = [pictures[0] for pictures in painter.paint(scenes.captions, seed=seed)]
    captioned_grid(samples, scenes.captions).save(files[2])
    return files
