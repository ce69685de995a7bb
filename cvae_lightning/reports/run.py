"""The three pictures that a finished run leaves in its folder."""

from __future__ import annotations

from pathlib import Path

import torch

from cvae_lightning.data import Batch
from cvae_lightning.data.images import to_uint8
from cvae_lightning.inference.painter import Painter, to_pictures
from cvae_lightning.reports.curves import training_curves
from cvae_lightning.reports.grids import captioned_grid, paired_grid
from cvae_lightning.runs import TABLE, read_table
from cvae_lightning.world import judge, parse


def draw_run(folder: Path, painter: Painter, scenes: Batch, seed: int = 0) -> list[Path]:
    """Write ``training_curves.png``, ``reconstruction.png`` and ``generated_samples.png``.

    Samples that say what their captions say have a green frame, the others a red one.

    Args:
        folder: the run folder, which has a ``metrics.csv``.
        painter: the trained model.
        scenes: validation scenes: the first are shown, none is picked.
        seed: seed of the samples.

    Returns:
        the files written.
    """
    files = [folder / name for name in ("training_curves.png", "reconstruction.png", "generated_samples.png")]
    training_curves(read_table(folder / TABLE), files[0])
    # Tokens and not captions: a run on a handful of scenes has not seen every word of its validation.
    noise = painter.noise(1, seed).expand(len(scenes.tokens), -1)
    with torch.inference_mode():
        seen = painter.model.reconstruct(scenes.images, scenes.tokens)
        samples = painter.model.generate(scenes.tokens, noise=noise)
    paired_grid(to_pictures(scenes.images), to_pictures(seen)).save(files[1])
    verdicts = judge(to_uint8(samples), [parse(caption) for caption in scenes.captions])
    right = [verdict.all for verdict in verdicts]
    captioned_grid(to_pictures(samples), scenes.captions, right=right).save(files[2])
    return files
