"""Real training under a search: killed and gone on with, pruned, and each trial the run it would be alone."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("optuna")

from support import ROOT, TINY

FEWER = [one for one in TINY if not one.startswith(("model.latent_dim", "trainer.max_epochs", "trainer.log"))]
SEARCH = [
    *FEWER,
    "trainer.max_epochs=4",
    "trainer.log_every_n_steps=1",
    "hydra/sweeper=optuna",
    "hydra/sweeper/sampler=grid",
    "hydra/sweeper/pruner=median",
    "hydra.sweeper.pruner.n_startup_trials=1",
    "hydra.sweeper.pruner.n_warmup_steps=0",
    "hydra.sweeper.objectives=[minimize val/loss_at_beta]",
    "hydra.sweeper.n_trials=2",
    "hydra.sweeper.objectives=[minimize val/loss_at_beta]",
    "hydra.sweeper.seed=1",  # whose grid begins with the first
    "model.latent_dim=8",
    "objective.beta=0.1,500",
]


def kill_in_training(folder: Path, table: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "cvae_lightning.train", "-m", *SEARCH],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if table.exists() and table.read_text().count("\n") > 20:
            process.kill()
        time.sleep(0.01)
    assert process.wait() == -signal.SIGKILL


@pytest.mark.e2e
def test_a_killed_search_resumes_in_the_middle_of_a_trial(command, tmp_path: Path) -> None:
    study = tmp_path / "outputs" / "default" / "search"
    kill_in_training(tmp_path, study / "0" / "metrics.csv")
    assert (study / "0" / "checkpoints" / "last.ckpt").exists()
    done = command("train", "-m", *SEARCH, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    records = [json.loads((study / str(number) / "trial.json").read_text()) for number in range(2)]
    alone = [*SEARCH[: len(FEWER) + 2], "model.latent_dim=8"]
    assert [record["params"]["objective.beta"] for record in records] == [0.1, 500]
    assert [(record["state"], record["pruned_at"]) for record in records] == [("COMPLETE", None), ("PRUNED", 1)]
    assert json.loads((study / "1" / "metrics.json").read_text())["epochs"] == 1
    done = command("train", *alone, "objective.beta=0.1", "hydra.run.dir=alone", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    table, expected = ((run / "metrics.csv").read_text() for run in (study / "0", tmp_path / "alone"))
    assert table == expected


def test_what_is_absent_is_named(command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvae_lightning.sweeps.optuna.find_spec", lambda name: None)
    done = command("train", "-m", *SEARCH, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].endswith("pip install -e '.[search]'")
