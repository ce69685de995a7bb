"""Paint the documentation's pictures with the shipped model: one sample per caption with seed 0, none picked.

`docs/images/samples.png` has the first eight test captions; `layout.png` captions that differ in a word or two.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from cvae_lightning import ShapeSceneDataset, load
from cvae_lightning.pictures.grids import captioned_grid

IMAGES = Path(__file__).parent / "images"
SAME_LAYOUT = [
    "3 small red circles left of a large green cross",
    "3 small blue circles left of a large green cross",
    "3 small blue squares left of a large green cross",
    "3 small blue squares left of a large yellow star",
]


def first_captions(count: int) -> list[str]:
    """The first captions of the test split of the shipped model's world."""
    return list(ShapeSceneDataset(size=count, canvas_size=64, seed=0, split="test", world=load().world).captions())


def strip(captions: Sequence[str]) -> Image.Image:
    """One sample of each caption, over its caption and with its verdict."""
    painted = [row[0] for row in load().paint_and_judge(captions, seed=0)]
    return captioned_grid([item.image for item in painted], captions, correct=[item.verdict.all for item in painted])


if __name__ == "__main__":
    for name, captions in (("samples", first_captions(8)), ("layout", SAME_LAYOUT)):
        strip(captions).quantize(64).save(IMAGES / f"{name}.png", optimize=True)
