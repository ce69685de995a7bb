"""One run of a composed config: check everything, build, fit, and leave the results in the run folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

import pytorch_lightning as pl
import torch
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from cvae_lightning import runs
from cvae_lightning.data import Batch, ShapeSceneDataModule
from cvae_lightning.data.images import to_uint8
from cvae_lightning.inference.checkpoint import is_readable, load, read_checkpoint
from cvae_lightning.inference.painter import Painter, first_samples
from cvae_lightning.reports.run import draw_run
from cvae_lightning.training.callbacks import Throughput
from cvae_lightning.training.factory import Parts, build, build_trainer, check, is_main_process, quieten
from cvae_lightning.training.module import CVAEModule
from cvae_lightning.training.objectives import BetaELBO
from cvae_lightning.training.recipe_checks import Plan, advice
from cvae_lightning.world import judge, parse

log = logging.getLogger(__name__)
SHOWN = 16
RETURNED = "val/loss_at_beta"
"""The metric that a job returns to Hydra."""


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
    again = swept and runs.is_same_run(folder, plain)  # type: ignore[arg-type]
    if again and runs.is_finished(folder):
        log.info("finished before: %s", folder)
        return runs.final_metrics(folder).get(RETURNED)
    if again and is_readable(folder / runs.LAST):
        checkpoint = folder / runs.LAST
    if is_main_process():
        runs.claim(
            folder,
            plain,  # type: ignore[arg-type]
            list(HydraConfig.get().overrides.task),
            resumed=again or checkpoint is not None,
            # A sweep's job may run in a launcher's process, and the command there is the whole sweep's.
            command=runs.shell_command(HydraConfig.get().overrides.task) if swept else None,
        )
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


def _announce(config: DictConfig, parts: Parts, trainer: pl.Trainer) -> None:
    parameters = sum(p.numel() for p in parts.module.model.parameters())
    log.info("%.1f million parameters on %s; run folder %s", parameters / 1e6, parts.hardware, trainer.default_root_dir)
    image = torch.zeros(1, 3, config.model.image_size, config.model.image_size)
    model, objective = parts.module.model, parts.module.objective
    calibrated = isinstance(objective, BetaELBO) and model.likelihood.fixed is None
    plan = Plan(
        objective=objective,
        beta_effective=objective.beta * objective.schedule(1e9) * objective.nats_per_unit(image),
        calibrated_size=model.image_size if calibrated else 0,
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


def _finish(folder: Path, parts: Parts, trainer: pl.Trainer, metrics: Mapping[str, float]) -> None:
    """Draw the pictures with the checkpoint that users will load, then mark the run as finished."""
    for file in _draw(folder, load(folder), parts.data.first("val", SHOWN)):
        log.info("wrote %s", file)
    pace = next((c for c in trainer.callbacks if isinstance(c, Throughput)), Throughput())  # type: ignore[attr-defined]
    summary = {
        "metrics": dict(metrics),
        "steps": trainer.global_step,
        "epochs": trainer.current_epoch,
        "parameters": sum(p.numel() for p in parts.module.model.parameters()),
        "training_minutes": round(pace.seconds / 60, 2),
        "images_per_second": round(pace.images_per_second, 1),
        "hardware": str(parts.hardware),
    }
    runs.write_atomic(folder / runs.METRICS, json.dumps(summary, indent=1) + "\n")


def _draw(folder: Path, painter: Painter, scenes: Batch) -> list[Path]:
    """The run's pictures, of the first validation scenes; none is picked."""
    with torch.inference_mode():
        reconstructions = to_uint8(painter.model.reconstruct(scenes.images, scenes.tokens))
        samples = to_uint8(first_samples(painter.model, scenes.tokens))
    verdicts = judge(samples, [parse(caption) for caption in scenes.captions])
    correct = [verdict.all for verdict in verdicts]
    return draw_run(folder, to_uint8(scenes.images), reconstructions, samples, scenes.captions, correct)
