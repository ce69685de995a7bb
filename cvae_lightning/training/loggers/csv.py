"""Metrics as a CSV file that survives interruption."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers.logger import Logger
from pytorch_lightning.utilities import rank_zero_only

from cvae_lightning.runs import TABLE, read_table, write_atomic


class RunCSV(Logger):
    """``metrics.csv`` in the run folder: one row per step, written at once.

    Own code instead of Lightning's CSVLogger, which refuses a folder that has a file, keeps rows in memory until it
    saves them, and cannot drop the rows after the checkpoint that a run resumes from. The file holds nothing that
    depends on the clock, so equal runs write equal files.

    Args:
        save_dir: the run folder.
        resume_step: updates done by the checkpoint that the run continues from; rows from this step on (steps
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

    def declare(self, settings: Mapping[str, Any], metrics: Collection[str], swept: Collection[str] = ()) -> None:
        """Nothing: the run folder's config.yaml has the settings."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Append a row; a metric that is new adds a column."""
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
        _drop_torn_row(self.path)
        rows = read_table(self.path)
        self._columns = list(rows[0]) if rows else ["step"]
        self._rewrite([row for row in rows if int(row["step"]) < step])

    def _rewrite(self, rows: list[dict[str, str]]) -> None:
        text = io.StringIO()
        writer = csv.DictWriter(text, self._columns)
        writer.writeheader()
        writer.writerows(rows)
        write_atomic(self.path, text.getvalue())


def _drop_torn_row(path: Path) -> None:
    """Remove a table's last row where a full disk cut it short."""
    content = path.read_bytes()
    if not content.endswith(b"\n"):
        write_atomic(path, content[: content.rfind(b"\n") + 1])
