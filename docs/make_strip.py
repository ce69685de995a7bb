"""Paint `docs/images/samples.png`: the shipped model's first eight test captions, one sample each, none picked."""

from __future__ import annotations

from pathlib import Path

from cvae_lightning import ShapeSceneDataset, load
from cvae_lightning.reports.grids import captioned_grid

FILE = Path(__file__).parent / "images" / "samples.png"
COUNT = 8

if __name__ == "__main__":
    captions = list(ShapeSceneDataset(size=COUNT, canvas_size=64, seed=0, split="test").captions())
    paintings = [row[0] for row in load().paintings(captions, seed=0)]
    pictures, verdicts = [painting.picture for painting in paintings], [painting.verdict.all for painting in paintings]
    captioned_grid(pictures, captions, correct=verdicts).quantize(64).save(FILE, optimize=True)
