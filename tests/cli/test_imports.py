"""A command loads the libraries that it needs and no others; a mistake is answered before the heavy ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

from cvae_lightning.cli.configs import COMMANDS

LIBRARIES = {
    *("hydra", "jinja2", "matplotlib", "numpy", "optuna", "pandas", "PIL", "pytorch_lightning", "scipy", "sympy"),
    *("tensorboard", "torch", "torch._dynamo", "torchmetrics", "torchvision", "yaml"),
}
"""What takes long to import, or belongs to one command only."""
CONFIG = {"yaml", "hydra"}
WORLD = CONFIG | {"numpy", "scipy"}
MAY_LOAD = {
    "generate captions=[]": WORLD | {"PIL"},
    "generate captions=[a]": WORLD | {"PIL"},
    "generate captions=[a] run=nowhere": WORLD | {"PIL"},
    "evaluate run=nowhere": WORLD | {"PIL", "jinja2", "matplotlib"},
    "export run=nowhere": CONFIG | {"numpy", "scipy", "PIL", "jinja2"},
    "train sed=1": WORLD,
    "train optimizer.lr=fast": WORLD,
    "train trainer.precision=float17": WORLD,
    "train trainer.accelerator=cpu trainer.precision=fp16": WORLD | {"PIL"},
    "train +experiment=baseline data=folder data.path=nowhere": WORLD | {"PIL"},
    "explore edited=zyx": WORLD | {"PIL", "jinja2", "matplotlib"},
    "report sweep=nowhere": WORLD | {"PIL", "jinja2", "matplotlib"},
}
"""Mistakes, with the libraries that may be loaded before they are answered."""
COMMAND = """
import sys
from runpy import run_module
for line in {lines!r}:
    name, *sys.argv[1:] = line.split("|")
    try:
        run_module("cvae_lightning." + name, run_name="__main__")
    except SystemExit:
        pass
sys.stderr.write("loaded " + " ".join(sorted({libraries!r} & set(sys.modules))))
"""


def loaded(folder: Path, *lines: str) -> set[str]:
    """The libraries that a process has loaded after these commands, each with its arguments behind bars."""
    code = COMMAND.format(lines=list(lines), libraries=LIBRARIES)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True, env=environment
    )
    assert "Traceback" not in done.stderr, done.stderr
    return set(done.stderr.rpartition("loaded ")[2].split())


def test_help_of_every_command_reads_config_files_and_loads_nothing_else(tmp_path: Path) -> None:
    assert loaded(tmp_path, *(f"{name}|--help" for name in COMMANDS), "generate|--version") == {"yaml"}


@pytest.mark.e2e
@pytest.mark.parametrize("line", MAY_LOAD)
def test_a_mistake_is_answered_without_torch(tmp_path: Path, line: str) -> None:
    assert loaded(tmp_path, line.replace(" ", "|")) <= MAY_LOAD[line]


@pytest.mark.e2e
def test_painting_loads_neither_lightning_nor_metrics_nor_plots(tmp_path: Path) -> None:
    paint = "generate|captions=[a red star]|output=painted|sampler.steps=1|sampler.restarts=0"
    assert loaded(tmp_path, paint) == WORLD | {"torch", "PIL"}
    assert (tmp_path / "painted" / "000_a-red-star_0.png").is_file()
