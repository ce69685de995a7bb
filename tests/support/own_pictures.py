"""Folders of captioned pictures as people have them: odd modes, sizes and captions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = {"crimson": (200, 20, 40), "teal": (0, 130, 130), "ochre": (200, 130, 30), "Elfenbein": (240, 235, 210)}
PLACES = ("left", "right", "Mitte")
MODES = ("RGB", "RGBA", "P", "L", "LA", "CMYK", "I;16", "1")
SUFFIXES = {"CMYK": ".jpg", "RGB": ".webp"}


def picture(number: int) -> tuple[Image.Image, str]:
    """A coloured bar on a transparent or white field, of a mode and size that its number says, and its caption."""
    name, colour = list(COLOURS.items())[number % len(COLOURS)]
    place = number // len(COLOURS) % len(PLACES)
    width, height = 40 + 7 * (number % 5), 36 + 5 * (number % 4)
    pixels = np.full((height, width, 4), 255, dtype=np.uint8)
    pixels[..., 3] = 0
    pixels[:, place * width // 3 : (place + 1) * width // 3] = (*colour, 255)
    return in_mode(Image.fromarray(pixels), MODES[number % len(MODES)]), f"A {name} bar, {PLACES[place]}: no. {number}!"


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """A picture in a mode that it may lose its colours or its transparency by."""
    if mode in ("RGBA", "LA"):
        return image.convert(mode)
    white = Image.new("RGBA", image.size, "white")
    flat = Image.alpha_composite(white, image).convert("RGB")
    if mode == "I;16":
        return Image.fromarray(np.asarray(flat.convert("L")).astype(np.uint16) * 257)
    return flat.convert(mode)


def write_own_pictures(folder: Path, count: int) -> Path:
    """Write pictures with their captions in ``metadata.jsonl``."""
    folder.mkdir(parents=True)
    rows = []
    for number in range(count):
        image, text = picture(number)
        name = f"bar {number:02d}{SUFFIXES.get(MODES[number % len(MODES)], '.png')}"
        image.save(folder / name)
        rows.append({"file_name": name, "text": text})
    write_table(folder, rows)
    return folder


def write_table(folder: Path, rows: list[Mapping[str, object]]) -> None:
    """Write a ``metadata.jsonl``."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "metadata.jsonl").write_text(text, encoding="utf-8")
