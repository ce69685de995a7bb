"""The pictures of a finished run: the model is run here, and drawn by the reports."""

from __future__ import annotations

from pathlib import Path

import torch

from cvae_lightning.data import Batch
from cvae_lightning.data.images import to_uint8
from cvae_lightning.inference.first_samples import first_samples
from cvae_lightning.inference.painter import Painter
from cvae_lightning.reports.run import draw_run
from cvae_lightning.world import judge, parse


@torch.inference_mode()
def draw_final_pictures(folder: Path, painter: Painter, scenes: Batch, seed: int = 0) -> list[Path]:
    """Reconstruct scenes, paint their captions and write the run's pictures.

    The sample of a caption is the first that ``generate`` paints of it with this seed.

    Args:
        folder: the run folder.
        painter: the trained model.
        scenes: B scenes with images (B, 3, S, S) in [0, 1]; none is picked.
        seed: seed of the samples.

    Returns:
        the files written.
    """
    samples = to_uint8(first_samples(painter.model, scenes.tokens, seed))  # (B, S, S, 3)
    reconstructions = to_uint8(painter.model.reconstruct(scenes.images, scenes.tokens))  # (B, S, S, 3)
    correct = None
    if painter.world is not None:
        meanings = [parse(caption, world=painter.world) for caption in scenes.captions]
        correct = [verdict.all for verdict in judge(samples, meanings, world=painter.world)]
    return draw_run(folder, to_uint8(scenes.images), reconstructions, samples, scenes.captions, correct)
