"""Jobs of a sweep: one at a time in a folder, and a failure of one is recorded and does not stop the rest."""

from __future__ import annotations

import json
import logging
import shlex
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock
from hydra.conf import HydraConf
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig

from cvae_lightning.runs import FAILURE, rotate, write_atomic
from cvae_lightning.runs.layout import JOB_LOCK

log = logging.getLogger(__name__)
FAILED = 1
"""Exit code of a sweep of which a job failed."""


def is_job(hydra: HydraConf) -> bool:
    """Whether this is a job of a sweep whose failures :class:`ReportFailures` reports at its end."""
    return hydra.mode is RunMode.MULTIRUN and "failures" in (hydra.callbacks or {})


def attempt(job: Callable[[], Any], hydra: HydraConf, explain: Callable[[Exception], str | None]) -> Any:
    """Run one job; should it fail, leave ``failure.json`` in its folder and return None.

    The folder is locked meanwhile: a job that outlives its sweep is waited for by the sweep that goes on.

    Args:
        job: the work; an exception that has ``ends_sweep`` is passed on.
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
            log.error("%s; the sweep goes on", record["error"])
    return None


class ReportFailures(Callback):
    """At the end of a sweep: which jobs failed, why, and how to repeat them; exit code 1 if any did."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        files = sorted(Path(config.hydra.sweep.dir).glob(f"*/{FAILURE}"), key=lambda file: _number(file.parent))
        if not files:
            return
        print(f"{len(files)} of the sweep's jobs failed:", file=sys.stderr)
        for file in files:
            record = json.loads(file.read_text())
            print(f"  {file.parent}: {record['error']}\n    repeat it: {record['command']}", file=sys.stderr)
        raise SystemExit(FAILED)


def _alone(hydra: HydraConf) -> str:
    return shlex.join(["python", "-m", f"cvae_lightning.{hydra.job.name}", *hydra.overrides.task])


def _number(folder: Path) -> tuple[int, str]:
    return (int(folder.name) if folder.name.isdigit() else sys.maxsize, folder.name)
