"""A sweep on each launcher: a failed job is reported and the rest goes on, and a stopped sweep goes on."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from support import ROOT, TINY

from cvae_lightning.cli import explain as cli

BRIEF = ["trainer.max_epochs=1", "trainer.limit_train_batches=4", "callbacks.judge_samples.count=4"]
SWEEP = [*TINY, *BRIEF, "objective.beta=1,-1,2", "hydra.sweep.dir=sweep"]
LAUNCHERS = {"joblib": "joblib", "submitit_local": "submitit", "ray": "ray"}


def check(sweep: Path, code: int, stderr: str) -> None:
    assert code == 1, stderr
    assert [(sweep / job / "metrics.json").exists() for job in "012"] == [True, False, True]
    record = json.loads((sweep / "1" / "failure.json").read_text())
    assert record["error"].startswith("objective.beta is -1")
    assert record["command"].startswith("python -m cvae_lightning.train ")
    assert "objective.beta=-1" in record["command"]
    assert "1 of the sweep's jobs failed" in stderr
    assert record["error"] in stderr
    assert record["command"] in stderr


@pytest.mark.slow
def test_a_failed_job_does_not_stop_the_rest(command, tmp_path: Path) -> None:
    done = command("train", "-m", *SWEEP, "hydra.sweeper.max_batch_size=1", cwd=tmp_path)
    check(tmp_path / "sweep", done.returncode, done.stderr)


@pytest.mark.slow
def test_a_sweep_that_is_started_again_does_what_is_left(command, tmp_path: Path) -> None:
    sweep, arguments = tmp_path / "sweep", [one.replace("-1", "3") for one in SWEEP]
    first = command("train", "-m", *arguments, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    tables = [(sweep / job / "metrics.csv").read_text() for job in "012"]
    (sweep / "0" / "metrics.json").rename(tmp_path / "metrics.json")  # stopped after its last checkpoint
    (sweep / "1" / "metrics.json").unlink()
    (sweep / "1" / "checkpoints" / "last.ckpt").write_bytes(b"cut short")  # stopped while that was written
    untouched = (sweep / "2" / "metrics.json").stat().st_mtime_ns
    again = command("train", "-m", *arguments, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert [(sweep / job / "metrics.csv").read_text() for job in "012"] == tables
    assert (sweep / "2" / "metrics.json").stat().st_mtime_ns == untouched
    new, old = (json.loads(file.read_text()) for file in (sweep / "0" / "metrics.json", tmp_path / "metrics.json"))
    assert new["metrics"]["val/loss"] == old["metrics"]["val/loss"]
    assert new["metrics"].keys() == old["metrics"].keys()
    other = command("train", "-m", *arguments, "seed=1", cwd=tmp_path)
    assert other.returncode == 1
    assert "already holds a run with other settings" in other.stderr
    assert [(sweep / job / "metrics.csv").read_text() for job in "012"] == tables


@pytest.mark.e2e
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_launcher_runs_the_sweep(tmp_path: Path, launcher: str) -> None:
    if not find_spec("hydra_plugins") or not find_spec(f"hydra_plugins.hydra_{LAUNCHERS[launcher]}_launcher"):
        pytest.skip(f"the extra {LAUNCHERS[launcher]!r} is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "cvae_lightning.train", "-m", *SWEEP, f"hydra/launcher={launcher}"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "RAY_USAGE_STATS_ENABLED": "0"},
        capture_output=True,
        text=True,
    )
    check(tmp_path / "sweep", done.returncode, done.stderr)


@pytest.mark.parametrize("choice", cli.EXTRAS)
def test_an_absent_launcher_is_named(choice: str) -> None:
    group, _, name = choice.rpartition("/")
    error = cli.explain(LookupError(f"Could not find '{choice}'"))
    assert error.startswith(f"{group}={name} needs a package that is not installed: pip install -e '.[")


def test_a_misspelt_launcher_is_named(command, tmp_path: Path) -> None:
    done = command("train", "-m", "hydra/launcher=jobilb", "seed=0,1", cwd=tmp_path)
    assert done.returncode == 2
    assert "nearest is 'joblib'" in done.stderr
