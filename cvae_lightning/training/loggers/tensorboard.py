"""TensorBoard in the run folder: scalars, pictures, texts and the hyperparameters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.utilities import rank_zero_only
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from torch.utils.tensorboard.summary import hparams


class RunTensorBoard(TensorBoardLogger):
    """TensorBoard events in ``tensorboard/`` of the run folder, continued when a run resumes.

    Args:
        save_dir: the run folder.
        resume_step: updates done by the checkpoint that the run continues from, or None for a new run.
    """

    def __init__(self, save_dir: str | Path, resume_step: int | None = None) -> None:
        super().__init__(str(save_dir), name="", version="tensorboard", default_hp_metric=False, purge_step=resume_step)

    @rank_zero_only
    def declare(self, settings: Mapping[str, Any], metrics: Collection[str], swept: Collection[str] = ()) -> None:
        """Name the run's hyperparameters and the metrics that its HParams row shows.

        The row takes each metric's last scalar from the run itself, so nothing is written for them here.

        Args:
            settings: hyperparameters by dotted key.
            metrics: the names of scalars.
            swept: the keys that a sweep varies, which the page then shows first.
        """
        plain = {key: v if isinstance(v, bool | int | float | str) else str(v) for key, v in settings.items()}
        experiment, start, end = hparams(plain, dict.fromkeys(metrics, 0.0))  # type: ignore[no-untyped-call]
        _mark(experiment.value[0].metadata.plugin_data, swept)
        for summary in (experiment, start, end):
            self.experiment.file_writer.add_summary(summary)


def _mark(plugin: Any, swept: Collection[str]) -> None:
    """Say which hyperparameters differ among runs: TensorBoard lists those first, and torch does not mark them."""
    data = HParamsPluginData.FromString(plugin.content)
    for info in data.experiment.hparam_infos:
        info.differs = info.name in swept
    plugin.content = data.SerializeToString()
