"""Whether a config's callbacks can be built, and whether what its checkpoints are chosen by is measured."""

from __future__ import annotations

from hydra.utils import instantiate
from omegaconf import DictConfig
from pytorch_lightning.callbacks import Callback

from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.training.metric_names import METRICS, describe_metric


def check_callbacks(callbacks: DictConfig) -> None:
    """Build the callbacks, and see that what checkpoints monitor is measured."""
    _check_monitors(callbacks)
    for name, node in callbacks.items():
        if not isinstance(instantiate(node), Callback | None):
            raise UserError(f"callbacks.{name!s}._target_={node.get('_target_')}: expected a Lightning callback")


def _check_monitors(callbacks: DictConfig) -> None:
    """Lightning would stop after the first epoch without the metric that a checkpoint monitors.

    Raises:
        UserError: a checkpoint is chosen by what nothing measures, or judge_samples not at each epoch.
    """
    ours = all(str(node.get("_target_")).startswith("cvae_lightning.") for node in callbacks.values() if node)
    every = callbacks.judge_samples.get("every_n_epochs", 1) if callbacks.get("judge_samples") else None
    for name in map(str, callbacks):
        node = callbacks[name]
        monitor = str(node.get("monitor", "")) if node else ""
        if monitor not in ("", "None") and ours and describe_metric(monitor) is None:
            near = nearest_hint(
                monitor, [f"val/{metric}" for metric, known in METRICS.items() if "val" in known.stages]
            )
            raise UserError(f"callbacks.{name}.monitor={monitor}: no metric has this name{near}")
        if monitor.startswith("val/consistency") and every != 1:
            measured = "never, without judge_samples" if every is None else f"every {every} epochs only"
            raise UserError(
                f"callbacks.{name}.monitor={monitor} is measured {measured}: expected "
                "callbacks.judge_samples.every_n_epochs=1, or another monitor such as val/loss_at_beta with mode=min"
            )
