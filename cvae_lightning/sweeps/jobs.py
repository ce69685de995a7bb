"""Jobs of a sweep: one process per folder at a time; the failure of a job is recorded and does not stop the rest."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock
from hydra.conf import HydraConf
from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig

from cvae_lightning.errors import UserError
from cvae_lightning.runs import FAILURE, rotate, shell_command, write_atomic
from cvae_lightning.runs.layout import JOB_LOCK
from cvae_lightning.sweeps.failure import read_failure
from cvae_lightning.sweeps.folder import read_sweep
from cvae_lightning.sweeps.ranking import best_first, criterion
from cvae_lightning.sweeps.watch import SweepClock, number_of_jobs

log = logging.getLogger(__name__)
FAILED = 1
"""Exit code of a sweep of which a job failed."""


def is_job(hydra: HydraConf) -> bool:
    """Whether this is a job of a sweep whose failures :class:`ReportFailures` reports at its end."""
    return hydra.mode is RunMode.MULTIRUN and "failures" in (hydra.callbacks or {})


def attempt(job: Callable[[], Any], hydra: HydraConf, explain: Callable[[Exception], str | None]) -> Any:
    """Run a job; if it fails, leave ``failure.json`` in its folder and return None.

    The folder is locked meanwhile: a sweep that is started again waits for a job of the earlier one that still runs.

    Args:
        job: the work; an exception with a true ``ends_sweep`` is raised again.
        hydra: the job's.
        explain: a user's mistake in one paragraph; None for an error of another kind.
    """
    folder = Path(hydra.runtime.output_dir)
    with FileLock(folder / JOB_LOCK):
        if (folder / FAILURE).exists():
            rotate(folder / FAILURE)
        try:
            return job()
        except Exception as error:
            if getattr(error, "ends_sweep", False):
                raise
            paragraph = explain(error)
            record = {"error": paragraph or f"{type(error).__name__}: {error}", "command": _alone(hydra)}
            if paragraph is None:
                record["traceback"] = traceback.format_exc()
                log.exception("the job failed")
            write_atomic(folder / FAILURE, json.dumps(record, indent=1) + "\n")
            log.error("%s; the sweep continues", record["error"])
    return None


class ReportFailures(Callback):
    """What a sweep says: after each job how far it is; at the end its best job, and which failed, why and how to repeat
    them, with exit code 1 if any did."""

    def __init__(self) -> None:
        self._clock: SweepClock | None = None

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        self._clock = SweepClock(Path(config.hydra.sweep.dir), number_of_jobs(config))

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        if self._clock is not None:
            print(self._clock.line(), file=sys.stderr, flush=True)

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        _print_best(Path(config.hydra.sweep.dir))
        files = sorted(Path(config.hydra.sweep.dir).glob(f"*/{FAILURE}"), key=lambda file: _number(file.parent))
        if not files:
            return
        print(f"{len(files)} of the sweep's jobs failed:", file=sys.stderr)
        for file in files:
            failure = read_failure(file.parent)
            print(f"  {file.parent}: {failure.error}\n    repeat it: {failure.command}", file=sys.stderr)
        raise SystemExit(FAILED)


def _print_best(folder: Path) -> None:
    """Name the best job and the command that compares all; nothing where no job has finished."""
    try:
        sweep = read_sweep(folder)
        by = criterion(sweep)
        ranked = best_first(sweep, by)
    except UserError:
        return
    if len(ranked) > 1:
        best = f"{ranked[0].folder}, {by.metric} {by.of(ranked[0]):.4g}"
        print(f"best of {len(ranked)} finished jobs: {best}", file=sys.stderr)
        print(f"next: python -m cvae_lightning.report sweep={folder}", file=sys.stderr)


def _alone(hydra: HydraConf) -> str:
    return shell_command(hydra.overrides.task, hydra.job.name)


def _number(folder: Path) -> tuple[int, str]:
    return (int(folder.name) if folder.name.isdigit() else sys.maxsize, folder.name)
