"""The README's commands run, with a tiny model in place of its own and a tiny run in place of its folder."""

import contextlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from support import ROOT, TINY, TINY_SLOTS

from cvae_lightning import runs
from cvae_lightning.runs import layout

README = (ROOT / "README.md").read_text()
RUN = "outputs/quickstart/2026-01-31_12-00-00"
SWEEP = "outputs/quickstart/sweep_2026-01-31_12-00-00"


@pytest.fixture(scope="module")
def exported(command, tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    assert command("export", f"run={tiny_run}", "output=model", cwd=folder).returncode == 0
    return folder / "model" / runs.WEIGHTS


@pytest.fixture(autouse=True)
def _shipped(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny model in place of the package's own."""
    monkeypatch.setattr(layout, "SHIPPED", [exported])


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


COMMANDS = [line for block in blocks("bash") for line in block.splitlines() if line.startswith("python -m")]
TRAINING = [line for line in COMMANDS if ".train" in line and "resume=" not in line]


SHORTER = {
    "sweep_beta_latent": ["prior=flow_slots", "objective.beta=1,4", "model.latent_dim=20"],
    "sweeper=optuna": ["hydra.sweeper.n_trials=2"],
    "ablation=": ["data.test_size=10"],
}
"""What makes a sweep's or a search's command one of two jobs."""


def arguments(line: str, run: Path) -> list[str]:
    line = line.replace("glob(*)", "none,prior_conditional").replace("seed=0,1", "seed=0")
    return [word.replace(RUN, str(run)) for word in shlex.split(line)[3:]]


def tiny(words: list[str]) -> list[str]:
    flags = [word for word in words if word == "-m"]
    small = TINY_SLOTS if any("experiment=" in word for word in words) else TINY
    return [*flags, *small, "trainer.max_epochs=1", *(word for word in words if word != "-m")]


def test_every_command_is_known() -> None:
    assert len(TRAINING) >= 6
    names = {shlex.split(line)[2].removeprefix("cvae_lightning.") for line in COMMANDS}
    assert names == {"train", "generate", "reconstruct", "report", "evaluate", "export"}


@pytest.mark.parametrize("line", TRAINING)
def test_a_training_command_runs(command, tmp_path: Path, line: str) -> None:
    shorter = [word for name, words in SHORTER.items() if name in line for word in words]
    if "sweeper=optuna" in line:
        pytest.importorskip("optuna")
    words = [*tiny(arguments(line, tmp_path)), *shorter]
    if "trainer=ddp" in words:
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        python = [sys.executable, "-m", "cvae_lightning.train", *words]
        done = subprocess.run(python, cwd=tmp_path, env=environment, capture_output=True, text=True)
    else:
        words = [word for word in words if word != "trainer.accelerator=cpu"] if "trainer=gpu" in words else words
        done = command("train", *words, cwd=tmp_path)
    if "trainer=gpu" in words and not torch.cuda.is_available():
        assert done.returncode == 2
        assert "no CUDA device" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    jobs = list(tmp_path.glob("outputs/*/*/metrics.json")) + list(tmp_path.glob("outputs/*/s*/*/metrics.json"))
    assert len(jobs) == ((2 if shorter else 4) if "-m" in words else 1)


def test_the_commands_on_a_trained_model_run(command, tmp_path: Path, tiny_run: Path) -> None:
    lines = [line for line in COMMANDS if line not in TRAINING and SWEEP not in line]
    for line in lines:
        words = arguments(line, tiny_run)
        name = shlex.split(line)[2].removeprefix("cvae_lightning.")
        if name == "train":
            words = words if RUN in line else tiny(words)
        few = ["captions=4", "bound_images=2", "coverage_captions=1"] if name == "evaluate" else []
        done = command(name, *words, *few, cwd=tmp_path)
        assert done.returncode == 0, (line, done.stderr)
        if name == "generate":
            folder = Path(done.stdout.splitlines()[0]).parent
            (tmp_path / "pictures").mkdir(exist_ok=True)
            for picture in folder.glob("000*.png"):
                picture.rename(tmp_path / "pictures" / picture.name)
    assert len(list(tmp_path.glob("outputs/reconstructed/*/*.png"))) == 5
    assert len(list(tmp_path.glob("outputs/evaluations/*/evaluation.md"))) == 1
    assert (tmp_path / "shared" / "quickstart" / runs.WEIGHTS).exists()


def test_reading_a_sweep(command, tmp_path: Path, tiny_sweep: Path) -> None:
    (line,) = [line for line in COMMANDS if SWEEP in line]
    done = command("report", *(word.replace(SWEEP, str(tiny_sweep)) for word in shlex.split(line)[3:]), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("outputs/reports/*/report.html"))) == 1


def test_the_python_of_the_readme_runs(tmp_path: Path, tiny_run: Path) -> None:
    with contextlib.chdir(tmp_path):
        for block in blocks("python"):
            exec(block.replace(RUN, str(tiny_run)), {})
    assert (tmp_path / "square.png").exists()


def test_the_table_of_experiments_is_complete() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", README, flags=re.MULTILINE))
    assert named == {path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml")}
