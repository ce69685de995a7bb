"""How a run begins in its folder: new, from a checkpoint, from step 0 again, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from torch import nn

from cvae_lightning import runs
from cvae_lightning.errors import UserError
from cvae_lightning.inference.archive import is_readable, read_checkpoint
from cvae_lightning.inference.checkpoint import is_format_1

RESUMED = {
    "epoch": int,
    "global_step": int,
    "state_dict": dict,
    "optimizer_states": list,
    "lr_schedulers": list,
    "loops": dict,
    "callbacks": dict,
}
"""What Lightning reads of a checkpoint that training is resumed from."""
TRAINED = ("model.", "distribution_matching.")
"""How the names of a checkpoint's weights begin."""


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
        UserError: the folder holds no run to resume, or a job of other settings, or checkpoints that are all damaged.
    """
    if resume:
        runs.check_resumable(folder)
        return Start.RESUME if newest_checkpoint(folder) else _restart(folder)
    if not sweep or not runs.is_same_run(folder, config):
        return Start.NEW  # runs.claim refuses a folder that holds a run
    if runs.is_finished(folder):
        return Start.FINISHED
    return Start.RESUME if newest_checkpoint(folder) else Start.RESTART


def newest_checkpoint(folder: Path) -> Path | None:
    """The checkpoint of a run that was trained for longest, of those that can be read; None if there is none.

    ``last.ckpt``, the newest by its nature, is taken where it can be read.
    """
    if is_readable(folder / runs.LAST):
        return folder / runs.LAST
    readable = [file for file in sorted((folder / runs.CHECKPOINTS).glob("*.ckpt")) if is_readable(file)]
    return max(readable, key=lambda file: int(read_checkpoint(file).get("global_step", 0)), default=None)


def _restart(folder: Path) -> Start:
    damaged = sorted(file.name for file in (folder / runs.CHECKPOINTS).glob("*.ckpt"))
    if damaged:
        raise UserError(
            f"resume={folder}: none of its checkpoints ({', '.join(damaged)}) can be read; "
            "the command in its environment.json trains it again in another folder"
        )
    return Start.RESTART


def check_fits(file: Path, module: nn.Module) -> None:
    """Raise where a checkpoint's weights are not those of the model that would be trained further.

    Raises:
        UserError: the checkpoint is of an earlier version, or of a model of other parts or sizes.
    """
    checkpoint = read_checkpoint(file)
    if is_format_1(checkpoint):
        raise UserError(
            f"resume={file.parent.parent}: the run was made by an earlier version, whose optimizer's state does not "
            "fit today's weights; run= still paints with it, and its command in environment.json trains it again"
        )
    saved = {name: tuple(weight.shape) for name, weight in checkpoint.get("state_dict", {}).items()}
    built = {name: tuple(weight.shape) for name, weight in module.state_dict().items() if name.startswith(TRAINED)}
    for name in sorted(saved.keys() | built.keys()):
        if saved.get(name) != built.get(name):
            raise UserError(
                f"resume={file.parent.parent}: the checkpoint is of another model: its {name} is "
                f"{_size(saved.get(name))}, and the config's is {_size(built.get(name))}; a resumed run keeps its model"
            )


def check_complete(file: Path) -> None:
    """Raise where a checkpoint has a model's weights only, or other content than Lightning resumes from.

    Raises:
        UserError: the message names what it lacks.
    """
    checkpoint = read_checkpoint(file)
    for name, kind in RESUMED.items():
        if not isinstance(checkpoint.get(name), kind):
            raise UserError(
                f"resume={file.parent.parent}: {file.name} has no {name}, so training cannot be resumed from it "
                "(weights alone can be painted with, by run=)"
            )


def _size(shape: tuple[int, ...] | None) -> str:
    return "absent" if shape is None else " x ".join(map(str, shape)) or "a single number"
