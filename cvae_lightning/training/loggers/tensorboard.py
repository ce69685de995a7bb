"""Metrics as a table that survives interruption, and the TensorBoard hyperparameters."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.utilities import rank_zero_only
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from torch.utils.tensorboard.summary import hparams

from cvae_lightning.runs import TABLE, read_table


class MetricsTable(Logger):
    """``metrics.csv`` in the run folder: one row a step, written at once.

    Unlike Lightning's CSVLogger it appends to the table of the run that it resumes. It holds nothing
    that depends on the clock, so equal runs write equal tables.

    Args:
        save_dir: the run folder.
        resume_step: updates done by the checkpoint that the run goes on from; rows from this step on (steps
            count from 0) were written by a run that was stopped and will be written again. None for a new run.
    """

    def __init__(self, save_dir: str | Path, resume_step: int | None = None) -> None:
        super().__init__()
        self.path = Path(save_dir) / TABLE
        self._columns = ["step"]
        if resume_step is not None and self.path.exists():
            self._resume(resume_step)

    @property
    def name(self) -> str:
        return "metrics"

    @property
    def version(self) -> str:
        return ""

    @rank_zero_only
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing: the run folder's config.yaml has them all."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Append a row; a metric not seen before widens the table."""
        row = {"step": step, **metrics}
        new = [name for name in row if name not in self._columns]
        if new or not self.path.exists():
            rows = read_table(self.path) if self.path.exists() else []
            self._columns += sorted(new)
            self._rewrite(rows)
        with self.path.open("a", newline="") as file:
            csv.DictWriter(file, self._columns).writerow(row)

    @rank_zero_only
    def _resume(self, step: int) -> None:
        rows = read_table(self.path)
        self._columns = list(rows[0]) if rows else ["step"]
        self._rewrite([row for row in rows if int(row["step"]) < step])

    def _rewrite(self, rows: list[dict[str, str]]) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, self._columns)
        writer.writeheader()
        writer.writerows(rows)
        temporary = self.path.with_suffix(".csv.part")
        temporary.write_text(text.getvalue(), newline="")
        os.replace(temporary, self.path)


class RunTensorBoard(TensorBoardLogger):
    """TensorBoard events in ``tensorboard/`` of the run folder, continued when a run resumes.

    Args:
        save_dir: the run folder.
        resume_step: updates done by the checkpoint that the run goes on from, or None.
    """

    def __init__(self, save_dir: str | Path, resume_step: int | None = None) -> None:
        super().__init__(str(save_dir), name="", version="tensorboard", default_hp_metric=False, purge_step=resume_step)

    @rank_zero_only
    def declare(self, hyperparameters: Mapping[str, Any], metrics: list[str], swept: Collection[str] = ()) -> None:
        """Name the run's hyperparameters and the metrics that its HParams row shows.

        The row takes each metric's last scalar from the run itself, so nothing is written for them here.

        Args:
            hyperparameters: by dotted key.
            metrics: the names of scalars.
            swept: the keys that a sweep varies, which the page then shows first.
        """
        plain = {key: v if isinstance(v, bool | int | float | str) else str(v) for key, v in hyperparameters.items()}
        experiment, start, end = hparams(plain, dict.fromkeys(metrics, 0.0))  # type: ignore[no-untyped-call]
        _mark(experiment.value[0].metadata.plugin_data, swept)
        for summary in (experiment, start, end):
            self.experiment.file_writer.add_summary(summary)


def _mark(plugin: Any, swept: Collection[str]) -> None:
    """Say which hyperparameters differ among runs: TensorBoard lists those first, and torch does not tell."""
    data = HParamsPluginData.FromString(plugin.content)
    for info in data.experiment.hparam_infos:
        info.differs = info.name in swept
    plugin.content = data.SerializeToString()
