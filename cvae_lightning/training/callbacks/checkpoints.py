"""Checkpoints of a run: best, last, and one every few epochs; they survive a stop and a move of the folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor

from cvae_lightning.runs import CHECKPOINTS


class RunCheckpoint(ModelCheckpoint):
    """Lightning's ModelCheckpoint in ``checkpoints/`` of the run folder, wherever that is.

    Lightning discards the best so far when the folder's path has changed; this one follows the folder.

    Args:
        filename: name without suffix; may hold ``{epoch}``.
        every_n_epochs: epochs between two checkpoints.
        monitor: metric of which the lowest (or highest) value is kept; None keeps the newest.
        mode: ``min`` or ``max``.
        save_top_k: how many are kept; -1 for all.

    Example:
        >>> best = RunCheckpoint("best", monitor="val/consistency/all", mode="max")
        >>> best.monitor, best.mode, best.save_top_k
        ('val/consistency/all', 'max', 1)
    """

    def __init__(
        self,
        filename: str,
        every_n_epochs: int = 1,
        monitor: str | None = None,
        mode: str = "min",
        save_top_k: int = 1,
    ) -> None:
        super().__init__(
            filename=filename,
            every_n_epochs=every_n_epochs,
            monitor=monitor,
            mode=mode,
            save_top_k=save_top_k,
            auto_insert_metric_name=False,
            enable_version_counter=False,
        )

    @property
    def state_key(self) -> str:
        """By the file's name, so that two that save at the same times keep a state each."""
        return f"RunCheckpoint({self.filename})"

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self.dirpath = str(Path(trainer.default_root_dir) / CHECKPOINTS)
        super().setup(trainer, pl_module, stage)

    def format_checkpoint_name(self, metrics: dict[str, Any], *args: Any, **kwargs: Any) -> str:
        """Lightning's file name, with epochs counted from 1 as people do."""
        return super().format_checkpoint_name(metrics | {"epoch": metrics["epoch"] + 1}, *args, **kwargs)

    def check_monitor_top_k(self, trainer: pl.Trainer, current: Tensor | None = None) -> bool:
        """Whether the newest is kept; of equal scores, common with few captions, the longer trained one is."""
        worst_kept = self.best_k_models.get(self.kth_best_model_path)
        if current is not None and worst_kept is not None and bool(current == worst_kept):
            return True
        return bool(super().check_monitor_top_k(trainer, current))

    def _should_save_on_train_epoch_end(self, trainer: pl.Trainer) -> bool:
        """At a validation's end, and for the newest also at the end of an epoch that had no validation.

        Lightning, which calls this from both hooks, would not save there, and the last epochs' weights would be lost.
        """
        return self.monitor is None and not trainer.validating

    @property
    def last_step_saved(self) -> int:
        """Updates that the newest file has had; 0 without one."""
        return int(self._last_global_step_saved)

    def _save_checkpoint(self, trainer: pl.Trainer, filepath: str) -> None:
        self._last_global_step_saved = trainer.global_step  # before, so that the file itself knows it
        super()._save_checkpoint(trainer, filepath)

    def state_dict(self) -> dict[str, Any]:
        """Lightning's state, and the step that was saved last."""
        return super().state_dict() | {"last_step_saved": self.last_step_saved}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Also restore what Lightning forgets: a resumed run would save the epoch that it resumes from again."""
        state = dict(state_dict)
        self._last_global_step_saved = state.pop("last_step_saved", 0)
        self.current_score = state["current_score"]
        super().load_state_dict(_moved(state, str(self.dirpath)))


def _moved(state: dict[str, Any], folder: str) -> dict[str, Any]:
    """The state with every path in ``folder``, keeping the file names."""

    def move(path: str) -> str:
        return str(Path(folder) / Path(path).name) if path else path

    paths = ("best_model_path", "kth_best_model_path", "last_model_path")
    best = {move(path): score for path, score in state["best_k_models"].items()}
    return state | {key: move(state[key]) for key in paths} | {"best_k_models": best, "dirpath": folder}
