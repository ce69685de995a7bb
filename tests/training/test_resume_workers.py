"""A run whose scenes are loaded by other processes continues after a stop as if it had not stopped."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from support import ROOT, TINY

pytestmark = pytest.mark.e2e

RUN = [
    *(argument for argument in TINY if not argument.startswith("data.num_workers")),
    "trainer.log_every_n_steps=1",
    "trainer.max_epochs=3",
    "lr_scheduler=cosine",
    "callbacks.judge_samples=null",
]
STEPS_PER_EPOCH = 12


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """A training command in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "cvae_lightning.train", *arguments],
        cwd=folder,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def unbroken(command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run without a stop and without workers."""
    folder = tmp_path_factory.mktemp("unbroken")
    done = command("train", *RUN, "data.num_workers=0", "hydra.run.dir=run", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "run"


def assert_equal_runs(run: Path, unbroken: Path) -> None:
    assert (run / "metrics.csv").read_text() == (unbroken / "metrics.csv").read_text()
    for name in ("best", "last"):
        weights, expected = (
            torch.load(folder / "checkpoints" / f"{name}.ckpt", weights_only=True)["state_dict"]
            for folder in (run, unbroken)
        )
        assert all(torch.equal(weights[key], expected[key]) for key in expected), name


@pytest.mark.parametrize(("workers", "step"), [(1, STEPS_PER_EPOCH - 7), (1, STEPS_PER_EPOCH + 5), (2, 20)])
def test_stopped_within_an_epoch(command, tmp_path: Path, unbroken: Path, workers: int, step: int) -> None:
    stop = ["+callbacks.stop_at._target_=support.StopAt", f"+callbacks.stop_at.step={step}"]
    done = command("train", *RUN, *stop, f"data.num_workers={workers}", "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 130, done.stderr
    done = command("train", "resume=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert_equal_runs(tmp_path / "run", unbroken)


def test_killed_and_continued_from_the_end_of_an_epoch(command, tmp_path: Path, unbroken: Path) -> None:
    kill = ["+callbacks.kill_at._target_=support.KillAt", f"+callbacks.kill_at.step={STEPS_PER_EPOCH + 1}"]
    killed = start(tmp_path, *RUN, *kill, "data.num_workers=1", "hydra.run.dir=run")
    output, _ = killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL, output
    done = command("train", "resume=run", "+callbacks.kill_at.step=-1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert_equal_runs(tmp_path / "run", unbroken)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_a_signal_to_the_whole_process_group_saves_the_run(
    command, tmp_path: Path, unbroken: Path, how: signal.Signals
) -> None:
    run = tmp_path / "run"
    process = start(tmp_path, *RUN, "data.num_workers=2", "hydra.run.dir=run")
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if (run / "metrics.csv").exists() and (run / "metrics.csv").read_text().count("\n") > 15:
            os.killpg(process.pid, how)
            break
        time.sleep(0.02)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 130, output
    assert "killed by signal" not in output
    done = command("train", "resume=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert_equal_runs(run, unbroken)
