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


OWN = {
    "checkpoint": {"name": "best.ckpt", "sha256": "0" * 64},
    "settings": {"captions": 8, "seed": 0},
    "image_size": 2,
    "features": "the model's own encoder",
    "bounds_prior": "N(0, I)",
}
OWN_SPLIT = {
    "pictures": 8,
    "with_unknown_words": 0,
    "errors": {"mse": 0.1, "mae": 0.2, "psnr": 10.0, "ssim": 0.5},
    "bounds": {"distortion": 1.0, "rate": 2.0, "elbo": -3.0, "importance_weighted": {"samples": 4, "bound": -2.5}},
    "latent": {"active_units": 2, "units": 4},
    "retrieval": None,
    "distances": None,
}


def write_own_evaluation(folder: Path, found: Mapping[str, Sequence[bool]], red: int = 0) -> Path:
    """An evaluation of own pictures, with whether each caption was found; caption i's original is (0, i, 255)."""
    folder.mkdir(parents=True)
    (folder / "evaluation.json").write_text(json.dumps(OWN | {"splits": dict.fromkeys(found, OWN_SPLIT)}))
    rows = [
        {
            "split": split,
            "index": index,
            "caption": f"caption {index} of {split}",
            "right": is_found,
            "reason": "its caption is the best of 8" if is_found else "its caption has rank 3 of 8; best: <b>dog</b>",
            "png": b64encode(png((red, index % 256, 0))).decode(),
            "original": b64encode(png((0, index % 256, 255))).decode(),
        }
        for split, verdicts in found.items()
        for index, is_found in enumerate(verdicts)
    ]
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


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
