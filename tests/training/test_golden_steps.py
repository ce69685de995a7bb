"""The first steps of the recipes are those that were recorded on a machine like this one, bit for bit.

A change that alters them changes every published number. After a change that you mean:
``python -m pytest tests/training/test_golden_steps.py --write-golden-steps`` writes them for this machine.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from support import ROOT
from support.machine import machine

from cvae_lightning.cli.compose import composed
from cvae_lightning.data.images import to_uint8
from cvae_lightning.inference.first_samples import first_samples
from cvae_lightning.training.context import RunContext
from cvae_lightning.training.factory import build, build_trainer, check

GOLDEN = ROOT / "tests" / "golden" / "steps.json"
RECIPES = ["quickstart", "baseline", "plain_slots"]
"""Experiments whose steps are recorded; a recipe is added by its name here and by writing the file."""
STEPS = (1, 20)
QUICK = ["seed=0", "trainer.accelerator=cpu", "trainer.precision=fp32", "data.num_workers=0"]


def sha(tensors: dict[str, torch.Tensor]) -> str:
    """SHA-256 of named tensors."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode() + tensors[name].detach().contiguous().numpy().tobytes())
    return digest.hexdigest()


class Recorder(Callback):
    """Notes the initial weights, and loss and gradients of some steps, counted from 1."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.found["initial_weights"] = sha(pl_module.state_dict())

    def on_before_optimizer_step(self, trainer: Any, pl_module: pl.LightningModule, optimizer: Any) -> None:
        if trainer.global_step + 1 in STEPS:
            gradients = {name: p.grad for name, p in pl_module.named_parameters() if p.grad is not None}
            norm = torch.stack([gradient.double().norm() for gradient in gradients.values()]).norm()
            self._step(trainer.global_step + 1, gradient_norm=float(norm), gradients=sha(gradients))

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, *args: Any) -> None:
        if trainer.global_step in STEPS:
            self._step(trainer.global_step, loss=float(outputs["loss"]))

    def _step(self, number: int, **values: Any) -> None:
        self.found.setdefault(f"step_{number}", {}).update(values)


def record(recipe: str, folder: Path) -> dict[str, Any]:
    """The first steps of a recipe, and the pixels of a sample after them."""
    given = [f"experiment={recipe}", *QUICK, f"+trainer.max_steps={STEPS[-1]}", "trainer.limit_val_batches=0"]
    config = composed("train", given).config
    parts = build(config, check(config))
    trainer = build_trainer(config, parts.hardware, RunContext(folder=folder), None)
    keep = (
        "SeedEachBatch",
        "WeightAverage",
        "UseSideThread",
    )  # what a step depends on; pictures and checkpoints are others' tests
    recorder = Recorder()
    trainer.callbacks = [one for one in trainer.callbacks if type(one).__name__ in keep] + [recorder]
    trainer.fit(parts.module, datamodule=parts.data)
    with torch.inference_mode():
        pixels = to_uint8(first_samples(parts.module.model.eval(), parts.data.first("val", 1).tokens, 0))
    return recorder.found | {"sample": hashlib.sha256(pixels.tobytes()).hexdigest()}


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
def test_the_first_steps_are_the_recorded_ones(recipe: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    recorded = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    here = machine()
    write = request.config.getoption("--write-golden-steps")
    if not write and recipe not in recorded.get(here, {}):
        pytest.skip(f"no steps of {recipe} were recorded on a machine like this: {here}")
    found = record(recipe, tmp_path)
    if write:
        recorded.setdefault(here, {})[recipe] = found
        GOLDEN.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")
    assert found == recorded[here][recipe]
