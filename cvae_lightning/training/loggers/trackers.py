"""Weights & Biases and MLflow, local to the run folder unless told otherwise."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import MLFlowLogger, WandbLogger
from pytorch_lightning.utilities import rank_zero_only


class RunWandb(WandbLogger):
    """Weights & Biases, one run of its own for each run folder.

    Args:
        save_dir: the run folder, where ``wandb/`` is written.
        project: W&B's project.
        offline: write files only, for ``wandb sync`` to send.
    """

    def __init__(self, save_dir: str | Path, project: str, offline: bool = True) -> None:
        super().__init__(name=_name(save_dir), save_dir=str(save_dir), project=project, offline=offline)

    @rank_zero_only
    def declare(self, hyperparameters: Mapping[str, Any], metrics: list[str], swept: Collection[str] = ()) -> None:
        """Record the run's settings."""
        self.log_hyperparams(dict(hyperparameters))

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """End W&B's run, which a sweep's next job in this process would otherwise write into."""
        super().finalize(status)
        if self._experiment is not None:
            self._experiment.finish(exit_code=int(status != "success"))


class RunMLflow(MLFlowLogger):
    """MLflow, with a database in the run folder unless it is told of a server.

    Args:
        save_dir: the run folder, where ``mlflow.db`` is written.
        experiment_name: MLflow's experiment.
        tracking_uri: another place, such as ``http://localhost:5000``, or ``sqlite:///outputs/mlflow.db`` for
            all jobs of a sweep together.
    """

    def __init__(self, save_dir: str | Path, experiment_name: str, tracking_uri: str | None = None) -> None:
        local = None if tracking_uri else (Path(save_dir).resolve() / "mlflow").as_uri()
        super().__init__(
            experiment_name=experiment_name,
            run_name=_name(save_dir),
            tracking_uri=tracking_uri or f"sqlite:///{Path(save_dir).resolve()}/mlflow.db",
            artifact_location=local,
        )

    @rank_zero_only
    def declare(self, hyperparameters: Mapping[str, Any], metrics: list[str], swept: Collection[str] = ()) -> None:
        """Record the run's settings."""
        self.log_hyperparams(dict(hyperparameters))


def _name(folder: str | Path) -> str:
    """A run's name among others: a sweep's job is known by the sweep's folder and its number."""
    return "/".join(Path(folder).resolve().parts[-2:])
