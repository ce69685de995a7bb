"""How often the judge fails a right picture because of its format: ``python experiments/judge/formats.py``.

Writes ``formats.json`` beside itself: how many scenes, over all splits in turn, drawn at 64 and at 256 px, saved and
read again, fail their true caption. The reader is the one of ``judge``.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from cvae_lightning import judge_images
from cvae_lightning.runs.images import read_image
from cvae_lightning.world import DEFAULT, captioned_scene, render

SCENES, SIDES = 200, (64, 256)
Save = Callable[[Image.Image, Path], None]


def on_white(image: Image.Image, path: Path) -> None:
    """With a transparent canvas, which the reader lays over white."""
    pixels = np.asarray(image)
    alpha = np.where((pixels == 250).all(axis=-1), 0, 255).astype(np.uint8)
    Image.fromarray(np.dstack([pixels, alpha])).save(path)


def resized(side: int, how: Image.Resampling) -> Save:
    """Enlarged or reduced before it is saved."""
    return lambda image, path: image.resize((side, side), how).save(path, compress_level=1)


FORMATS: dict[str, tuple[str, Save]] = {
    "PNG": ("png", lambda image, path: image.save(path)),
    "PNG, transparent canvas": ("png", on_white),
    "PNG, palette of 64 colours": ("png", lambda image, path: image.quantize(64).save(path)),
    "PNG, palette of 16 colours": ("png", lambda image, path: image.quantize(16).save(path)),
    "JPEG, quality 90": ("jpg", lambda image, path: image.save(path, quality=90)),
    "JPEG, quality 75": ("jpg", lambda image, path: image.save(path, quality=75)),
    "JPEG in CMYK, quality 90": ("jpg", lambda image, path: image.convert("CMYK").save(path, quality=90)),
    "WebP, quality 90": ("webp", lambda image, path: image.save(path, quality=90)),
    "WebP, quality 75": ("webp", lambda image, path: image.save(path, quality=75)),
    "enlarged to 500 px, bicubic": ("png", resized(500, Image.Resampling.BICUBIC)),
    "enlarged to 500 px, nearest": ("png", resized(500, Image.Resampling.NEAREST)),
    "enlarged to 1,024 px, bicubic": ("png", resized(1024, Image.Resampling.BICUBIC)),
    "reduced to 48 px, box": ("png", resized(48, Image.Resampling.BOX)),
}


def failures(side: int, file: Path, save: Save) -> int:
    """How many right pictures fail."""
    failed = 0
    for start in range(0, SCENES, 60):
        examples = [
            captioned_scene(0, DEFAULT.splits.names[index % len(DEFAULT.splits.names)], index)
            for index in range(start, start + 60)
        ]
        images = []
        for pixels in render([example.scene for example in examples], side):
            save(Image.fromarray(pixels), file)
            images.append(read_image(file))
        failed += sum(not verdict.all for verdict in judge_images(images, [example.caption for example in examples]))
    return failed


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        table = {
            name: {str(side): failures(side, Path(folder) / f"picture.{suffix}", save) for side in SIDES}
            for name, (suffix, save) in FORMATS.items()
        }
    content = json.dumps({"scenes": SCENES, "seed": 0, "failed": table}, indent=1)
    (Path(__file__).parent / "formats.json").write_text(f"{content}\n")
