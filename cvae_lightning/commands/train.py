"""The work of ``train``: train a model."""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from cvae_lightning.captioned_images.splits import check_folder
from cvae_lightning.cli.progress import loading
from cvae_lightning.errors import require_package
from cvae_lightning.runs import CONFIG, find_checkpoint
from cvae_lightning.runs.own_pictures import is_of_own_pictures

TRACKERS = ("mlflow", "wandb")
"""Loggers that need a package of the same name."""


def job(config: DictConfig) -> float | None:
    """One training run of a composed config: check, build, fit, draw."""
    for name in TRACKERS:
        if config.logger.get(name):
            require_package(name, f"logger={name}")
    if is_of_own_pictures(config):
        check_folder(Path(str(config.data.path)))
    folder = Path(HydraConfig.get().runtime.output_dir)
    if config.initial_weights is not None and not (folder / CONFIG).exists():  # a run that exists has its own
        find_checkpoint(config.initial_weights, key="initial_weights")
    loading("PyTorch and Lightning")
    from cvae_lightning.cli.signatures import check_parts
    from cvae_lightning.training.context import hydra_context
    from cvae_lightning.training.run import run

    check_parts(config)
    return run(config, hydra_context(HydraConfig.get()))
