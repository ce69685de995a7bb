"""MLflow, with a database in the run folder unless the config names a server."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import MLFlowLogger
from pytorch_lightning.utilities import rank_zero_only

from cvae_lightning.training.loggers.run_logger import run_name


class RunMLflow(MLFlowLogger):
    """MLflow, with a database in the run folder unless a server is given.

    Args:
        save_dir: the run folder, where ``mlflow.db`` is written.
        experiment_name: MLflow's experiment.
        tracking_uri: another place, such as ``http://localhost:5000``, or ``sqlite:///outputs/mlflow.db`` for
            all jobs of a sweep together.
        resume_step: taken because all loggers of a run are; a resumed run is a new one here.
    """

    def __init__(
        self,
        save_dir: str | Path,
        experiment_name: str,
        tracking_uri: str | None = None,
        resume_step: int | None = None,
    ) -> None:
        local = None if tracking_uri else (Path(save_dir).resolve() / "mlflow").as_uri()
        super().__init__(
            experiment_name=experiment_name,
            run_name=run_name(save_dir),
            tracking_uri=tracking_uri or f"sqlite:///{Path(save_dir).resolve()}/mlflow.db",
            artifact_location=local,
        )

    @rank_zero_only
    def declare(self, settings: Mapping[str, Any], metrics: Collection[str], swept: Collection[str] = ()) -> None:
        """Record the run's settings."""
        self.log_hyperparams(dict(settings))
