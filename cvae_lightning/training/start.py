"""How a run begins in its folder: as a new one, from a checkpoint, from step 0 again, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from cvae_lightning import runs
from cvae_lightning.inference.checkpoint import is_readable


class Start(Enum):
    """What a run finds in its folder.

    Attributes:
        NEW: no run.
        RESUME: a checkpoint to continue from.
        RESTART: the same run, stopped before its first whole checkpoint; it starts at step 0 again.
        FINISHED: the same job of a sweep, finished before; nothing is trained.
    """

    NEW = "new"
    RESUME = "resume"
    RESTART = "restart"
    FINISHED = "finished"


def find_start(folder: Path, config: Mapping[str, Any], resume: bool, sweep: bool) -> Start:
    """Decide how a run begins, from its folder alone; nothing is written.

    Args:
        folder: the run folder.
        config: the run's config as plain data, interpolations resolved.
        resume: the command asks to resume the run in the folder.
        sweep: the run is a job of a sweep, which resumes jobs of its own that were stopped.

    Raises:
        UserError: the folder holds no run to resume, or a job of other settings.
    """
    if resume:
        runs.check_resumable(folder)
        return Start.RESUME if (folder / runs.LAST).exists() else Start.RESTART
    if not sweep or not runs.is_same_run(folder, config):
        return Start.NEW  # runs.claim refuses a folder that holds a run
    if runs.is_finished(folder):
        return Start.FINISHED
    return Start.RESUME if is_readable(folder / runs.LAST) else Start.RESTART
