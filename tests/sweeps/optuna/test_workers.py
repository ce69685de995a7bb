"""Processes of a search are killed, started again and run side by side: each trial is there, once."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("optuna")

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from support import ROOT
from support.stub import pids

pytestmark = pytest.mark.e2e

STUB = ROOT / "tests" / "support" / "stub.py"
SEARCH = [
    "hydra/sweeper=optuna",
    "hydra.sweeper.objectives=[minimize val/loss]",
    "hydra.sweeper.sampler.n_startup_trials=4",
    "objective.beta=tag(log,interval(0.1,10))",
    "model.latent_dim=16,32,64",
]


def start(folder: Path, *arguments: str, workers: int = 1) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(STUB), "-m", *SEARCH, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "STUB_WORKERS": str(workers)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def trials(study: Path) -> list[optuna.trial.FrozenTrial]:
    storage = JournalStorage(JournalFileBackend(str(study / "study.journal")))
    return optuna.load_study(study_name="search", storage=storage).get_trials()


def lines(journal: Path) -> int:
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def check_complete(study: Path, count: int) -> None:
    """Each trial has ended, once, in the folder of its number, which says what the study says."""
    found = trials(study)
    assert [trial.number for trial in found] == list(range(count))
    assert sorted(int(one.name) for one in study.iterdir() if one.is_dir()) == list(range(count))
    assert len({str(trial.params) for trial in found}) == count
    for trial in found:
        folder = study / str(trial.number)
        record = json.loads((folder / "trial.json").read_text())
        assert (record["state"], record["params"]) == (trial.state.name, trial.params)
        assert record["values"] == trial.values
        if trial.state is optuna.trial.TrialState.COMPLETE:
            assert len((folder / "ends.txt").read_text().split()) == 1
            assert json.loads((folder / "metrics.json").read_text())["metrics"]["val/loss"] == trial.values[0]


def test_a_search_killed_six_times_has_exactly_its_trials(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    study, arguments = tmp_path / "outputs" / "default" / "search", ["hydra.sweeper.n_trials=12"]
    for _ in range(6):
        before, steps = lines(study / "study.journal"), int(rng.integers(1, 16))
        process = start(tmp_path, *arguments)
        while process.poll() is None and lines(study / "study.journal") < before + steps:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.01))
        process.kill()
        output, _ = process.communicate()
        assert process.returncode == -signal.SIGKILL, output
    assert 2 < len(trials(study)) < 12
    last = start(tmp_path, *arguments)
    output, _ = last.communicate(timeout=120)
    assert last.returncode == 0, output
    check_complete(study, 12)
    assert "12 of 12 trials done" in start(tmp_path, *arguments).communicate()[0]


def test_two_workers_share_a_search(tmp_path: Path) -> None:
    study = tmp_path / "outputs" / "default" / "search"
    workers = [start(tmp_path, "hydra.sweeper.n_trials=8", workers=2) for _ in range(2)]
    for worker in workers:
        output, _ = worker.communicate(timeout=120)
        assert worker.returncode == 0, output
    check_complete(study, 8)
    assert len(pids(study, "ends.txt")) == 2
    assert all(len((study / str(n) / "starts.txt").read_text().split()) == 1 for n in range(8))


def test_a_failed_trial_is_reported_and_the_rest_continues(tmp_path: Path) -> None:
    kept = [one for one in SEARCH if "n_startup" not in one and "beta" not in one]
    process = subprocess.run(
        [sys.executable, str(STUB), "-m", *kept, "hydra/sweeper/sampler=grid", "objective.beta=1,100"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    study = tmp_path / "outputs" / "default" / "search"
    states = [trial.state.name for trial in trials(study)]
    assert sorted(states) == ["COMPLETE"] * 3 + ["FAIL"] * 3
    assert process.returncode == 1
    assert "3 of the sweep's jobs failed" in process.stderr
    failed = states.index("FAIL")
    record = json.loads((study / str(failed) / "trial.json").read_text())
    assert (record["error"], record["values"]) == ("RuntimeError: beta is too large", None)
    assert "objective.beta=100" in json.loads((study / str(failed) / "failure.json").read_text())["command"]


def test_a_metric_that_no_run_measures_ends_the_search(tmp_path: Path) -> None:
    process = start(tmp_path, "hydra.sweeper.objectives=[minimize val/los]")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2, output
    assert "nearest is 'val/loss'" in output
    assert "Traceback" not in output
