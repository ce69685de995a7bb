"""Folders of evaluations with known verdicts, written by hand."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image

from support import ROOT

PUBLISHED = ROOT / "experiments" / "flagship" / "evaluation" / "evaluation.json"


def png(colour: tuple[int, int, int]) -> bytes:
    """Four pixels of one colour."""
    file = BytesIO()
    Image.new("RGB", (2, 2), colour).save(file, "PNG")
    return file.getvalue()


def write_evaluation(folder: Path, right: Mapping[str, Sequence[bool]], red: int = 0, caption: str = "caption") -> Path:
    """An evaluation's folder: the numbers of a published one, and samples with these verdicts by split.

    The picture of caption i has the colour (red, i, 0).
    """
    folder.mkdir(parents=True)
    (folder / "evaluation.json").write_text(json.dumps(json.loads(PUBLISHED.read_text())))
    rows = [
        {
            "split": split,
            "index": index,
            "caption": f"{caption} {index} of {split}",
            "right": is_right,
            "reason": "saw a red star" if is_right else "saw nothing, expected <b>a red star</b>",
            "reconstruction_right": True,
            "png": b64encode(png((red, index % 256, 0))).decode(),
        }
        for split, verdicts in right.items()
        for index, is_right in enumerate(verdicts)
    ]
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder
