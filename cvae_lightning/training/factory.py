"""From a composed config to what runs it: data, hardware and trainer, each checked before any work."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from hydra.utils import get_class, instantiate
from lightning_fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.callbacks import Callback

from cvae_lightning import runs
from cvae_lightning.cli.configs import leaves
from cvae_lightning.data import CaptionedDataModule
from cvae_lightning.errors import UserError
from cvae_lightning.training.callback_checks import check_callbacks
from cvae_lightning.training.callbacks import Pruning, ReportProgress, UseSideThread
from cvae_lightning.training.checkpoint_io import WholeCheckpoints
from cvae_lightning.training.context import RunContext
from cvae_lightning.training.loggers.run_logger import RunLogger
from cvae_lightning.training.module import CVAEModule
from cvae_lightning.training.module_factory import blaming, build_module
from cvae_lightning.training.own_pictures import check_world
from cvae_lightning.training.precision import Hardware, check_compiler, check_devices, choose

FINAL_METRICS = [
    "val/consistency/all",
    "val/loss_at_beta",
    "val/distortion",
    "val/rate",
    "val/mse",
    "val/mae",
    "val/psnr",
    "val/consistency_reconstructed/all",
]
DESCRIBING = (
    "seed",
    "world",
    "data",
    "model",
    "slot_queries",
    "text_encoder",
    "encoder",
    "decoder",
    "prior",
    "likelihood",
    "objective",
    "penalties",
    "optimizer",
    "lr_scheduler",
)


class Parts(NamedTuple):
    """What a config builds."""

    module: CVAEModule
    data: CaptionedDataModule
    hardware: Hardware


class Checked(NamedTuple):
    """A config that can run: on what, and its data, whose pictures are read once."""

    hardware: Hardware
    data: CaptionedDataModule


def check(config: DictConfig) -> Checked:
    """Build every part without memory or data, and then the data, so that a mistake is answered before any work.

    Returns:
        where and how the config runs here, and its data.

    Raises:
        UserError, hydra.errors.InstantiationException: what is wrong.
    """
    if not isinstance(config.seed, int) or config.seed < 0:
        raise UserError(f"seed={config.seed}: expected a whole number of 0 or more")
    check_callbacks(config.callbacks)
    check_world(config)
    hardware = check_trainer(config)
    if config.compile:
        check_compiler()
    check_module(config)
    data = instantiate(config.data)
    canvas, size = config.data.get("canvas_size"), config.model.image_size
    if canvas not in (None, size):
        raise UserError(
            f"data.canvas_size={canvas}, but the model's pictures have model.image_size={size}: choose the size with "
            "model.image_size alone"
        )
    return Checked(hardware, data)


def check_trainer(config: DictConfig) -> Hardware:
    """Choose the hardware and build the trainer."""
    hardware = choose(config.trainer.accelerator, str(config.trainer.precision), config.channels_last)
    check_devices(hardware.accelerator, config.trainer.devices)
    bare = {"logger": False, "enable_checkpointing": False}
    instantiate(config.trainer, accelerator=hardware.accelerator, precision=hardware.precision, **bare)
    return hardware


def check_module(config: DictConfig) -> None:
    """Build the model, what it is trained by, and the optimizer, without memory."""
    with torch.device("meta"):
        module = build_module(config, words=("<PAD>",) * 8)
    with blaming("optimizer"):
        module.optimizer(list(module.weights_to_optimize().values()))


def build(config: DictConfig, checked: Checked, resumed: bool = False) -> Parts:
    """The data with its tokenizer fitted, and the seeded module, which has no initial weights where it is resumed.

    Raises:
        UserError: the initial weights are of another model.
    """
    hardware, data = checked
    data.setup()
    pl.seed_everything(config.seed, verbose=False)
    initial = None if resumed else config.initial_weights
    module = build_module(config, data.tokenizer.vocabulary, hardware.channels_last, initial)
    return Parts(module, data, hardware)


def save_vocabulary(data: CaptionedDataModule, folder: Path) -> None:
    """Write the tokenizer's words beside the checkpoints of a run."""
    (folder / runs.CHECKPOINTS).mkdir(parents=True, exist_ok=True)
    vocabulary = folder / runs.CHECKPOINTS / "tokenizer_vocab.json"
    data.tokenizer.save(vocabulary.with_name(vocabulary.name + runs.PART))
    vocabulary.with_name(vocabulary.name + runs.PART).replace(vocabulary)


def build_trainer(config: DictConfig, hardware: Hardware, context: RunContext, resume_step: int | None) -> pl.Trainer:
    """The Lightning trainer with the config's loggers and callbacks, which write into the context's folder."""
    callbacks: list[Callback] = [instantiate(node) for node in config.callbacks.values() if node]
    if context.trial is not None:
        callbacks.append(Pruning(context.trial))
    callbacks += [UseSideThread(config.side_thread), ReportProgress()]
    plugins = list(instantiate(config.trainer.get("plugins")) or [])
    if not any(isinstance(plugin, ClusterEnvironment) for plugin in plugins):
        plugins.append(LightningEnvironment())  # or Lightning would take SLURM's variables for orders
    loggers = [_logger(node, context.folder, resume_step) for node in config.logger.values() if node]
    trainer: pl.Trainer = instantiate(
        config.trainer,
        accelerator=hardware.accelerator,
        precision=hardware.precision,
        default_root_dir=str(context.folder),
        logger=loggers,
        callbacks=callbacks,
        plugins=[*plugins, WholeCheckpoints()],
        enable_progress_bar=False,
    )
    for logger in trainer.loggers:
        if isinstance(logger, RunLogger) and not config.trainer.fast_dev_run:
            logger.declare(_settings(config), FINAL_METRICS, context.swept)
    return trainer


def _logger(node: DictConfig, folder: Path, resume_step: int | None) -> Any:
    """A logger that writes into the run folder; this package's also take the step at which the run continues."""
    ours = issubclass(get_class(node._target_), RunLogger)
    return instantiate(node, save_dir=str(folder), **({"resume_step": resume_step} if ours else {}))


def quieten() -> None:
    """Hide warnings of Lightning and torch about what is intended here, and what other processes repeat."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    logging.getLogger("pytorch_lightning.profilers").setLevel(logging.INFO)  # a profiler's table is a result
    if not runs.is_main_process():
        logging.getLogger("cvae_lightning").setLevel(logging.ERROR)
        warnings.filterwarnings("ignore")
    # Scenes are drawn in the training process when there is no core to spare, and any batch can be the first.
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    warnings.filterwarnings("ignore", message=".*your dataloader is not resumable.*")
    warnings.filterwarnings("ignore", message=".*Checkpoint directory .* exists and is not empty.*")
    warnings.filterwarnings("ignore", message=".*LeafSpec.*")
    # An epoch of few pictures is logged at its end.
    warnings.filterwarnings("ignore", message=".*is smaller than the logging interval.*")


def _settings(config: DictConfig) -> dict[str, Any]:
    """The settings that describe a run, dotted; a value that refers to another key is left out, for that key has it."""
    written, resolved = (dict(leaves(OmegaConf.to_container(config, resolve=resolve))) for resolve in (False, True))
    chosen = [key for key in written if key.partition(".")[0] in DESCRIBING or key == "trainer.max_epochs"]
    return {
        key.removesuffix("._target_").replace("trainer.max_epochs", "max_epochs"): resolved[key]
        for key in chosen
        if resolved.get(key) is not None and not str(written[key]).startswith("${")
    }
