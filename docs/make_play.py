"""Write what the page `docs/play/` needs besides itself: the shipped model as ONNX, and the words of its world."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from cvae_lightning import Painter, load
from cvae_lightning.inference.onnx_export import metadata, onnx_bytes
from cvae_lightning.world import word_tables

PLAY = Path(__file__).parent / "play"


def description(painter: Painter) -> dict[str, Any]:
    """What the page knows of the model: its sizes and vocabulary, and which words are counts, sizes, and so on."""
    tables = word_tables(painter.world)
    words = {
        "counts": dict(tables.counts),
        "sizes": dict(tables.sizes),
        "colours": list(tables.colours),
        "shapes": dict(tables.singulars),
        "plurals": dict(tables.plurals),
        "links": sorted((" ".join(words) for words in tables.links), key=len, reverse=True),
    }
    return metadata(painter) | {"words": words}


def write() -> None:
    """Write `model.onnx.gz` and `model.json`; the same bytes every time."""
    painter = load()
    (PLAY / "model.onnx.gz").write_bytes(gzip.compress(onnx_bytes(painter), 9, mtime=0))
    (PLAY / "model.json").write_text(json.dumps(description(painter), indent=1) + "\n")


if __name__ == "__main__":
    write()
