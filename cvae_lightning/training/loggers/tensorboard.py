"""TensorBoard in the run folder: scalars, pictures, texts and the hyperparameters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.utilities import rank_zero_only
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from torch.utils.tensorboard.summary import hparams

from cvae_lightning.training.metric_names import describe_metric


class RunTensorBoard(TensorBoardLogger):
    """TensorBoard events in ``tensorboard/`` of the run folder, continued when a run resumes.

    Args:
        save_dir: the run folder.
        resume_step: updates done by the checkpoint that the run continues from, or None for a new run.
    """

    def __init__(self, save_dir: str | Path, resume_step: int | None = None) -> None:
        super().__init__(str(save_dir), name="", version="tensorboard", default_hp_metric=False, purge_step=resume_step)
        self._described: set[str] = set()

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Write scalars; the first of each metric carries its description, which TensorBoard shows beside it."""
        new = {name: text for name in metrics if name not in self._described and (text := describe_metric(name))}
        self._described |= set(new)
        for name, text in new.items():
            metadata = SummaryMetadata(
                summary_description=text, plugin_data=SummaryMetadata.PluginData(plugin_name="scalars")
            )
            value = Summary.Value(tag=name, simple_value=float(metrics[name]), metadata=metadata)
            self.experiment.file_writer.add_summary(Summary(value=[value]), step)
        super().log_metrics({name: value for name, value in metrics.items() if name not in new}, step)

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
