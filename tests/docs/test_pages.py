"""The commands and the Python of README and pages run, with a tiny model and a tiny run in place of theirs."""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from support import ROOT, TINY, TINY_SLOTS
from support.docs import PAGES, code_blocks, commands
from support.fake_evaluation import write_evaluation

from cvae_lightning import runs
from cvae_lightning.runs import layout

pytestmark = pytest.mark.slow

ALONE = [page for page in PAGES if page.stem != "extend"]
"""Pages whose blocks need no files of their own; test_tutorials.py has the other."""
RUN = "outputs/quickstart/2026-01-31_12-00-00"
SWEEP = "outputs/quickstart/sweep_2026-01-31_12-00-00"
COMMANDS = list(dict.fromkeys(line for page in ALONE for line in commands(page)))
TRAINING = [line for line in COMMANDS if ".train" in line and "resume=" not in line]
EVALUATIONS = ("outputs/evaluations/first", "outputs/evaluations/second")
READING = [line for line in COMMANDS if line not in TRAINING and SWEEP not in line and EVALUATIONS[0] not in line]
BRIEF = [
    "trainer.max_epochs=1",
    "trainer.limit_train_batches=2",
    "trainer.limit_val_batches=1",
    "trainer.log_every_n_steps=1",
    "callbacks.judge_samples.count=8",
    "callbacks.log_images.count=2",
]
"""What makes a training a matter of seconds: every hook runs, few times."""
SHORTER = {
    "model.latent_dim=20,30": ["model.latent_dim=20"],
    "sweep_beta_latent": ["prior=flow_slots", "objective.beta=1,4", "model.latent_dim=20"],
    "sweeper=optuna": ["hydra.sweeper.n_trials=2"],
    "ablation=": ["data.test_size=10"],
}
"""What makes a sweep's or a search's command one of two jobs."""
FEW = {"evaluate": ["captions=4", "bound_images=2", "coverage_captions=1"], "dataset": ["size=5"]}
LEAVES = {
    "train": "**/metrics.json",
    "generate": "outputs/generated/*/grid.png",
    "reconstruct": "outputs/reconstructed/*/*.png",
    "evaluate": "outputs/evaluations/*/evaluation.md",
    "export": "shared/*/model.*",
    "dataset": "*/**/metadata.jsonl",
    "judge": "**/results.jsonl",
    "explore": "outputs/explored/*/flow.webp",
    "report": "outputs/reports/*/report.html",
}


@pytest.fixture(scope="module")
def exported(command, tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    assert command("export", f"run={tiny_run}", "output=model", cwd=folder).returncode == 0
    return folder / "model" / runs.WEIGHTS


@pytest.fixture(scope="module")
def painted(command, tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("painted")
    words = [f"run={tiny_run}", "captions=[a small red star]", "num_samples=2", "output=pictures"]
    assert command("generate", *words, cwd=folder).returncode == 0
    (folder / "pictures" / "grid.png").unlink()
    return folder / "pictures"


@pytest.fixture(autouse=True)
def _shipped(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny model in place of the package's own."""
    monkeypatch.setattr(layout, "SHIPPED", [exported])


def name_of(line: str) -> str:
    return shlex.split(line)[2].removeprefix("cvae_lightning.")


def arguments(line: str, run: Path) -> list[str]:
    line = line.replace("glob(*)", "none,prior_conditional").replace("seed=0,1", "seed=0")
    return [word.replace(RUN, str(run)) for word in shlex.split(line)[3:]]


def tiny(words: list[str]) -> list[str]:
    flags = [word for word in words if word == "-m"]
    small = TINY_SLOTS if any("experiment=" in word for word in words) else TINY
    return [*flags, *small, *BRIEF, *(word for word in words if word != "-m")]


def test_every_command_is_known() -> None:
    assert len(TRAINING) >= 6
    assert {name_of(line) for line in COMMANDS} == {"train", *LEAVES}


@pytest.mark.parametrize("line", TRAINING)
def test_a_training_command_runs(command, tmp_path: Path, own_pictures: Path, line: str) -> None:
    shorter = [word for name, words in SHORTER.items() if name in line for word in words]
    if "sweeper=optuna" in line:
        pytest.importorskip("optuna")
    words = [*tiny(arguments(line, tmp_path / "trained")), *shorter]
    if "initial_weights=" in line:
        first = [word for word in words if not word.startswith(("distillation=", "initial_weights="))]
        assert command("train", *first, "hydra.run.dir=trained", cwd=tmp_path).returncode == 0
    if "data=folder" in words:
        shutil.copytree(own_pictures, tmp_path / "pictures")
        small = [word for word in [*TINY, *BRIEF] if not word.startswith("data.size")]
        words = [*arguments(line, tmp_path), *small, "callbacks.caption_retrieval.count=2"]
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


@pytest.mark.parametrize("line", READING)
def test_a_command_on_a_trained_model_runs(command, tmp_path: Path, tiny_run: Path, painted: Path, line: str) -> None:
    if "format=onnx" in line:
        pytest.importorskip("onnx", reason="the extra onnx is not installed")
    name = name_of(line)
    run = shutil.copytree(tiny_run, tmp_path / "run") if "resume=outputs" in line else tiny_run
    shutil.copytree(painted, tmp_path / "pictures")
    words = arguments(line, run)
    done = command(name, *(tiny(words) if "resume=auto" in line else words), *FEW.get(name, []), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob(LEAVES[name]))


def test_reading_a_sweep(command, tmp_path: Path, tiny_sweep: Path) -> None:
    (line,) = [line for line in COMMANDS if SWEEP in line]
    done = command("report", *(word.replace(SWEEP, str(tiny_sweep)) for word in shlex.split(line)[3:]), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("outputs/reports/*/report.html"))) == 1


@pytest.mark.parametrize("line", [line for line in COMMANDS if EVALUATIONS[0] in line])
def test_reading_evaluations(command, tmp_path: Path, line: str) -> None:
    for folder in EVALUATIONS:
        write_evaluation(tmp_path / folder, {"test": [True, False]})
    done = command("report", *shlex.split(line)[3:], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("outputs/reports/*/report.html"))) == 1


@pytest.mark.parametrize("page", [page for page in ALONE if code_blocks(page, "python")], ids=lambda page: page.stem)
def test_the_python_of_a_page_runs(tmp_path: Path, tiny_run: Path, page: Path) -> None:
    with contextlib.chdir(tmp_path):
        for block in code_blocks(page, "python"):
            exec(block.replace(RUN, str(tiny_run)), {})
    assert list(tmp_path.glob("*.png"))
