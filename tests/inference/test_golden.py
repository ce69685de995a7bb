"""Files of every format give the outputs that were recorded when the format was new (tests/golden/README.md)."""

import hashlib
import json
import platform
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from support import ROOT
from torch import Tensor

from cvae_lightning import ShapeSceneDataset, load
from cvae_lightning.inference.painter import Painter
from cvae_lightning.world import V1

GOLDEN = ROOT / "tests" / "golden"
FILES = sorted(file for file in GOLDEN.glob("format_*/*") if file.suffix in (".safetensors", ".ckpt"))
FLAGSHIP = ROOT / "experiments" / "flagship" / "model.safetensors"
KINDS = 8
"""Recorded models per format: seven files and a checkpoint."""


def here() -> dict[str, str]:
    """What decides in which order floating point sums are made."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []
    processor = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
    capability = torch.backends.cpu.get_cpu_capability()
    machine = {"machine": platform.machine(), "processor": processor, "capability": capability}
    return {"torch": torch.__version__, **machine}


RECORDED_HERE = here() == json.loads((GOLDEN / "recorded.json").read_text())


def expected(file: Path) -> dict[str, np.ndarray]:
    name = f"checkpoint_{file.parent.name[-1]}" if file.suffix == ".ckpt" else file.stem
    with np.load(GOLDEN / "expected" / f"{name}.npz") as stored:
        return dict(stored)


def outputs(painter: Painter, given: dict[str, np.ndarray]) -> dict[str, Tensor]:
    model, tokens = painter.model, painter.tokenizer.encode_batch(given["captions"].tolist())
    images, noise = torch.from_numpy(given["images"]).float() / 255, torch.from_numpy(given["noise"])
    with torch.inference_mode():
        reconstruction = model(images, tokens, noise)
        return {
            "generated": model.generate(tokens, noise=noise),
            "reconstructed": model.reconstruct(images, tokens),
            **model.encode(images, tokens)._asdict(),
            **{name: getattr(reconstruction, name) for name in ("distortion", "rate", "auxiliary_loss")},
        }


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_recorded_model_gives_its_recorded_outputs(file: Path) -> None:
    given = expected(file)
    for name, found in outputs(load(file), given).items():
        recorded = torch.from_numpy(given[name])
        if RECORDED_HERE:
            assert torch.equal(found, recorded), name
        elif name in ("generated", "reconstructed"):
            assert levels(found).sub(levels(recorded)).abs().max() <= 1, name
        else:
            torch.testing.assert_close(found, recorded, rtol=1e-4, atol=1e-4)


def levels(images: Tensor) -> Tensor:
    return (images * 255).round().int()


def test_every_format_has_all_kinds_and_precisions() -> None:
    for folder in GOLDEN.glob("format_*"):
        files = [file for file in FILES if file.parent == folder]
        assert len(files) == KINDS
        assert {file.suffix for file in files} == {".safetensors", ".ckpt"}
        assert {dtype for file in files for dtype in stored_dtypes(file)} == {"F32", "F16", "BF16", "I8"}
    assert sum(file.stat().st_size for file in GOLDEN.rglob("*")) < 3 * 2**20


def stored_dtypes(file: Path) -> set[str]:
    if file.suffix != ".safetensors":
        return set()
    with safe_open(file, framework="pt") as opened:
        return {opened.get_slice(name).get_dtype() for name in opened.keys()}  # noqa: SIM118


def pixels(painter: Painter, captions: list[str], seed: int) -> bytes:
    return b"".join(image.tobytes() for images in painter.paint(captions, 1, seed) for image in images)


@pytest.mark.slow
@pytest.mark.skipif(not RECORDED_HERE, reason="pixels' hashes were recorded on another machine or torch version")
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_shipped_flagship_paints_its_recorded_pixels(seed: int) -> None:
    captions = list(ShapeSceneDataset(64, 64, 0, "test", world=V1).captions())
    digest = hashlib.sha256(pixels(load(FLAGSHIP), captions, seed)).hexdigest()
    assert digest == json.loads((GOLDEN / "flagship.json").read_text())[str(seed)]
