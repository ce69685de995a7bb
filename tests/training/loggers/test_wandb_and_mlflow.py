"""Weights & Biases and MLflow get every number and setting, one run per job; absent, they are named."""

import logging

import pytest
from support import TINY

from cvae_lightning import errors
from cvae_lightning.runs import read_table


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_an_absent_package_is_named_before_any_work(command, tmp_path, monkeypatch, name: str) -> None:
    monkeypatch.setattr(errors, "find_spec", lambda package: None)
    done = command("train", *TINY, f"logger={name}", "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip() == (
        f"error: logger={name} needs {name}, which is not installed here: pip install {name}"
    )
    assert not (tmp_path / "run" / "config.yaml").exists()


@pytest.mark.slow
def test_wandb_has_a_run_a_job(command, tmp_path, monkeypatch) -> None:
    pytest.importorskip("wandb", reason="no wandb: install the extra with pip install -e '.[wandb]'")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_MODE", "offline")  # Lightning sets it for good
    arguments = ["logger=wandb", "trainer.max_epochs=1", "seed=0,1", "hydra.sweep.dir=sweep"]
    done = command("train", "-m", *TINY, *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for job in "01":
        (record,) = (tmp_path / "sweep" / job).glob("wandb/offline-run-*/run-*.wandb")
        for word in (f"sweep/{job}", "val/loss_at_beta", "objective.beta", "default"):
            assert word.encode() in record.read_bytes()
        assert (tmp_path / "sweep" / job / "metrics.csv").exists()


@pytest.mark.slow
def test_mlflow_has_the_tables_numbers_and_the_settings(command, tmp_path) -> None:
    mlflow = pytest.importorskip("mlflow", reason="no mlflow: install the extra with pip install -e '.[mlflow]'")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    done = command("train", *TINY, "logger=mlflow", "trainer.max_epochs=1", "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/run/mlflow.db")
    experiment = client.get_experiment_by_name("default")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert run.info.run_name == f"{tmp_path.name}/run"
    assert run.data.params["model.latent_dim"] == "8"
    curve = [(one.step, one.value) for one in client.get_metric_history(run.info.run_id, "train/loss")]
    rows = [row for row in read_table(tmp_path / "run" / "metrics.csv") if row["train/loss"]]
    assert curve == [(int(row["step"]), float(row["train/loss"])) for row in rows]
    assert {path.name for path in tmp_path.iterdir()} == {"run"}  # nothing beside the run folder
