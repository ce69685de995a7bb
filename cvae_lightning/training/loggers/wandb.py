"""Weights & Biases, offline in the run folder unless the config says otherwise."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import WandbLogger
from pytorch_lightning.utilities import rank_zero_only

from cvae_lightning.training.loggers.run_logger import run_name


class RunWandb(WandbLogger):
    """Weights & Biases, one run of its own for each run folder.

    Args:
        save_dir: the run folder, where ``wandb/`` is written.
        project: W&B's project.
        offline: write files only, for ``wandb sync`` to send.
        resume_step: taken because all loggers of a run are; a resumed run is a new one here.
    """

    def __init__(
        self, save_dir: str | Path, project: str, offline: bool = True, resume_step: int | None = None
    ) -> None:
        super().__init__(name=run_name(save_dir), save_dir=str(save_dir), project=project, offline=offline)

    @rank_zero_only
    def declare(self, settings: Mapping[str, Any], metrics: Collection[str], swept: Collection[str] = ()) -> None:
        """Record the run's settings."""
        self.log_hyperparams(dict(settings))

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """End W&B's run, which a sweep's next job in this process would otherwise write into."""
        super().finalize(status)
        if self._experiment is not None:
            self._experiment.finish(exit_code=int(status != "success"))
