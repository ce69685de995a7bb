"""A small trained run, shared by the tests that need one, and how commands are run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TINY = [
    "model.image_size=32",
    "model.stages=3",
    "model.base_channels=8",
    "model.latent_dim=8",
    "model.caption_dim=16",
    "text_encoder.embedding_dim=16",
    "text_encoder.layers=1",
    "data.size=200",
    "data.batch_size=16",
    "data.num_workers=0",
    "trainer.accelerator=cpu",
    "trainer.precision=fp32",
    "trainer.max_epochs=2",
    "trainer.log_every_n_steps=4",
]
"""A model and a world small enough to train in a second."""

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def command() -> Command:
    """Run ``python -m cvae_lightning.NAME ARGUMENTS`` in a folder and return what came of it."""

    def run(name: str, *arguments: str, cwd: Path, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [sys.executable, "-m", f"cvae_lightning.{name}", *arguments],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run


@pytest.fixture(scope="session")
def tiny_run(command: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished tiny run."""
    folder = tmp_path_factory.mktemp("tiny")
    done = command("train", *TINY, "hydra.run.dir=run", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "run"
