"""Folders of evaluations with known verdicts, written by hand."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

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

    def own(index: int, is_found: bool) -> dict[str, Any]:
        reason = "its caption is the best of 8" if is_found else "its caption has rank 3 of 8; best: <b>dog</b>"
        return {"reason": reason, "original": b64encode(png((0, index % 256, 255))).decode()}

    return _written(folder, OWN | {"splits": dict.fromkeys(found, OWN_SPLIT)}, found, "caption", red, own)


def write_evaluation(folder: Path, right: Mapping[str, Sequence[bool]], red: int = 0, caption: str = "caption") -> Path:
    """An evaluation's folder: the numbers of a published one, and samples with these verdicts by split.

    The picture of caption i has the colour (red, i, 0).
    """

    def judged(index: int, is_right: bool) -> dict[str, Any]:
        reason = "saw a red star" if is_right else "saw nothing, expected <b>a red star</b>"
        return {"reason": reason, "reconstruction_right": True}

    return _written(folder, json.loads(PUBLISHED.read_text()), right, caption, red, judged)


def _written(
    folder: Path,
    results: Mapping[str, Any],
    right: Mapping[str, Sequence[bool]],
    caption: str,
    red: int,
    more: Callable[[int, bool], dict[str, Any]],
) -> Path:
    """A folder with results, and samples with these verdicts by split and with what else is kept of each."""
    folder.mkdir(parents=True)
    (folder / "evaluation.json").write_text(json.dumps(results))
    rows = [
        {"split": split, "index": index, "caption": f"{caption} {index} of {split}", "right": is_right}
        | {"png": b64encode(png((red, index % 256, 0))).decode()}
        | more(index, is_right)
        for split, verdicts in right.items()
        for index, is_right in enumerate(verdicts)
    ]
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder
