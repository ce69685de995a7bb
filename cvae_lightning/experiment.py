"""One run of a composed config: check everything, build, fit, and leave the results in the run folder."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf, open_dict
from pytorch_lightning.callbacks import Callback

from cvae_lightning import runs, search
from cvae_lightning.cli import leaves, swept_keys
from cvae_lightning.data import ShapeSceneDataModule, lexicon
from cvae_lightning.errors import UserError
from cvae_lightning.painter import is_readable, load, read_checkpoint
from cvae_lightning.reports.run import draw_run
from cvae_lightning.training.advice import Plan, advice
from cvae_lightning.training.callbacks import Bar, Pace, Pruning
from cvae_lightning.training.hardware import Hardware, choose
from cvae_lightning.training.loggers import RunTensorBoard
from cvae_lightning.training.module import CVAEModule
from cvae_lightning.training.trackers import RunMLflow, RunWandb

log = logging.getLogger(__name__)
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
    "data",
    "model",
    "text_encoder",
    "encoder",
    "decoder",
    "prior",
    "likelihood",
    "objective",
    "penalties",
    "optimizer",
    "learning_rate",
)
SHOWN = 16
RETURNED = "val/loss_at_beta"
"""The metric that a job returns to Hydra."""


class Parts(NamedTuple):
    """What a config builds."""

    module: CVAEModule
    data: ShapeSceneDataModule
    hardware: Hardware


def run(config: DictConfig) -> float | None:
    """Train what the config describes in Hydra's output folder; returns the metric that a search minimises.

    Raises:
        UserError: the config asks for something impossible; nothing has been made or written then.
    """
    folder = Path(HydraConfig.get().runtime.output_dir)
    checkpoint = runs.resumable(folder) if config.resume else None
    quieten()
    hardware = check(config)
    plain = OmegaConf.to_container(config, resolve=True)
    assert isinstance(plain, dict)
    swept = HydraConfig.get().mode is RunMode.MULTIRUN
    again = swept and runs.left_off(folder, plain)  # type: ignore[arg-type]
    if again and runs.is_finished(folder):
        log.info("finished before: %s", folder)
        return runs.final_metrics(folder).get(RETURNED)
    if again and is_readable(folder / runs.LAST):
        checkpoint = folder / runs.LAST
    if is_main_process():
        runs.claim(folder, plain, resumed=again or checkpoint is not None)  # type: ignore[arg-type]
    parts = build(config, hardware, folder)
    # A run that was stopped before its first checkpoint starts at step 0 again, and so do its curves.
    step = int(read_checkpoint(checkpoint)["global_step"]) if checkpoint else 0 if again else None
    trainer = build_trainer(config, parts.hardware, folder, step)
    _announce(config, parts, trainer)
    # A run that was stopped after its last epoch has nothing left to measure: its table has it.
    metrics = _fit(parts, trainer, checkpoint, folder) or runs.last_metrics(folder)
    if trainer.is_global_zero and not config.trainer.fast_dev_run:
        _finish(folder, parts, trainer, metrics)
    return metrics.get(RETURNED)


def train(
    module: CVAEModule, data: ShapeSceneDataModule, trainer: pl.Trainer, checkpoint: Path | None = None
) -> dict[str, float]:
    """Fit built objects, without any config, and return the final metrics.

    Args:
        module: the model and its objective.
        data: the scenes.
        trainer: a Lightning trainer; its ``default_root_dir`` is the run folder.
        checkpoint: where to go on from, or None.
    """
    trainer.fit(module, datamodule=data, ckpt_path=checkpoint, weights_only=True)
    metrics = sorted(trainer.callback_metrics.items())
    return {name: float(value) for name, value in metrics if name.startswith(("train/", "val/"))}


def is_main_process() -> bool:
    """Whether this process writes the run folder; known before there is a trainer."""
    return int(os.environ.get("LOCAL_RANK", 0)) == 0 and int(os.environ.get("NODE_RANK", 0)) == 0


def check(config: DictConfig) -> Hardware:
    """Build every part without memory or data, so that a mistake is answered before any work.

    Returns:
        where and how the config runs here.

    Raises:
        UserError, hydra.errors.InstantiationException: what is wrong.
    """
    if not isinstance(config.seed, int) or config.seed < 0:
        raise UserError(f"seed={config.seed}: expected a whole number of 0 or more")
    hardware = choose(config.trainer.accelerator, str(config.trainer.precision), config.channels_last)
    instantiate(config.data)
    with torch.device("meta"):
        module = build_module(config, words=("<PAD>",) * 8)
    try:
        module.optimizer(module.parameters())
    except ValueError as error:
        raise UserError(f"optimizer: {error}") from error
    bare = {"logger": False, "enable_checkpointing": False}
    instantiate(config.trainer, accelerator=hardware.accelerator, precision=hardware.precision, **bare)
    for node in config.callbacks.values():
        instantiate(node)
    return hardware


def build(config: DictConfig, hardware: Hardware, folder: Path) -> Parts:
    """The data with its tokenizer fitted and saved, and the seeded module."""
    data: ShapeSceneDataModule = instantiate(config.data)
    data.setup()
    if is_main_process():
        (folder / runs.CHECKPOINTS).mkdir(parents=True, exist_ok=True)
        data.tokenizer.save(folder / runs.CHECKPOINTS / "tokenizer_vocab.json")
    pl.seed_everything(config.seed, verbose=False)
    return Parts(build_module(config, data.tokenizer.vocabulary, hardware.channels_last), data, hardware)


def build_module(config: DictConfig, words: Sequence[str], channels_last: bool = False) -> CVAEModule:
    """The module that a config describes, for a tokenizer of these words."""
    sized = config.copy()
    with open_dict(sized):
        sized.model.vocab_size = len(words)
        if "lexicon" in sized.text_encoder:
            sized.text_encoder.lexicon = lexicon(words)
    return CVAEModule(
        instantiate(sized.model, _convert_="all"),
        instantiate(sized.objective),
        instantiate(sized.optimizer),
        instantiate(sized.learning_rate),
        channels_last=channels_last,
        compile=sized.compile,
        penalties=instantiate(sized.penalties),
    )


def build_trainer(config: DictConfig, hardware: Hardware, folder: Path, resume_step: int | None) -> pl.Trainer:
    """The Lightning trainer with the config's loggers and callbacks, at home in the run folder."""
    callbacks: list[Callback] = [instantiate(node) for node in config.callbacks.values() if node]
    if trial := search.trial_of(HydraConfig.get()):
        callbacks.append(Pruning(trial))
    if sys.stdout.isatty():
        callbacks.append(Bar())
    loggers = [_logger(node, folder, resume_step) for node in config.logger.values() if node]
    trainer: pl.Trainer = instantiate(
        config.trainer,
        accelerator=hardware.accelerator,
        precision=hardware.precision,
        default_root_dir=str(folder),
        logger=loggers,
        callbacks=callbacks,
        enable_progress_bar=sys.stdout.isatty(),
    )
    for logger in trainer.loggers:
        if isinstance(logger, RunTensorBoard | RunMLflow | RunWandb) and not config.trainer.fast_dev_run:
            logger.declare(_settings(config), FINAL_METRICS, swept_keys())
    return trainer


def _logger(node: DictConfig, folder: Path, resume_step: int | None) -> Any:
    """A logger at home in the run folder; those that can are told where the run goes on."""
    extra = {"resume_step": resume_step} if "resume_step" in node else {}
    return instantiate(node, save_dir=str(folder), **extra)


def _announce(config: DictConfig, parts: Parts, trainer: pl.Trainer) -> None:
    parameters = sum(p.numel() for p in parts.module.model.parameters())
    log.info("%.1f million parameters on %s; run folder %s", parameters / 1e6, parts.hardware, trainer.default_root_dir)
    image = torch.zeros(1, 3, config.model.image_size, config.model.image_size)
    objective = parts.module.objective
    plan = Plan(
        objective=objective,
        beta_effective=objective.beta * objective.schedule(1e9) * objective.nats_per_unit(image),
        learning_rate=float(config.optimizer.get("lr", 0)),
        batch_size=parts.data.batch_size * trainer.accumulate_grad_batches * trainer.world_size,
        epochs=trainer.max_epochs if trainer.max_epochs is not None else -1,
        train_size=len(parts.data.datasets["train"]),
    )
    for tip in advice(plan):
        log.warning(tip)


def _fit(parts: Parts, trainer: pl.Trainer, checkpoint: Path | None, folder: Path) -> dict[str, float]:
    try:
        return train(parts.module, parts.data, trainer, checkpoint)
    except (SystemExit, KeyboardInterrupt):
        log.info("stopped; go on with: python -m cvae_lightning.train resume=%s", folder)
        raise SystemExit(130) from None


def quieten() -> None:
    """Hide what Lightning and torch say of things that are meant to be so."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    # Scenes are drawn where training runs when there is no core to spare, and the order can go on anywhere.
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    warnings.filterwarnings("ignore", message=".*your dataloader is not resumable.*")
    warnings.filterwarnings("ignore", message=".*Checkpoint directory .* exists and is not empty.*")
    warnings.filterwarnings("ignore", message=".*LeafSpec.*")


def _finish(folder: Path, parts: Parts, trainer: pl.Trainer, metrics: Mapping[str, float]) -> None:
    """Draw the pictures with the checkpoint that users will load, then mark the run as finished."""
    for file in draw_run(folder, load(folder), parts.data.first("val", SHOWN)):
        log.info("wrote %s", file)
    pace = next((c for c in trainer.callbacks if isinstance(c, Pace)), Pace())  # type: ignore[attr-defined]
    summary = {
        "metrics": dict(metrics),
        "steps": trainer.global_step,
        "epochs": trainer.current_epoch,
        "parameters": sum(p.numel() for p in parts.module.model.parameters()),
        "training_minutes": round(pace.seconds / 60, 2),
        "images_per_second": round(pace.images_per_second, 1),
        "hardware": str(parts.hardware),
    }
    runs.write_whole(folder / runs.METRICS, json.dumps(summary, indent=1) + "\n")


def _settings(config: DictConfig) -> dict[str, Any]:
    """The settings that describe a run, dotted, for HParams."""
    plain = OmegaConf.to_container(config, resolve=True)
    assert isinstance(plain, dict)
    chosen = {key: plain[key] for key in DESCRIBING} | {"max_epochs": plain["trainer"]["max_epochs"]}
    return {key.removesuffix("._target_"): value for key, value in leaves(chosen) if value is not None}
