"""One run of a composed config: check everything, build, fit, and leave the results in the run folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.utilities.exceptions import SIGTERMException
from torch.distributed import DistError

from cvae_lightning import runs
from cvae_lightning.data import Batch, CaptionedDataModule
from cvae_lightning.errors import UserError
from cvae_lightning.inference.archive import read_checkpoint
from cvae_lightning.inference.checkpoint import load
from cvae_lightning.runs.duration import duration
from cvae_lightning.runs.own_pictures import is_of_own_pictures
from cvae_lightning.training.callbacks import RunCheckpoint, Throughput
from cvae_lightning.training.callbacks.save_on_signal import sigterm_as_interrupt
from cvae_lightning.training.context import RunContext
from cvae_lightning.training.factory import Checked, Parts, build, build_trainer, check, quieten, save_vocabulary
from cvae_lightning.training.final_pictures import draw_final_pictures
from cvae_lightning.training.module import CVAEModule
from cvae_lightning.training.precision import count_devices
from cvae_lightning.training.recipe_checks import plan_of, recipe_warnings
from cvae_lightning.training.start import Start, check_complete, check_fits, find_start, newest_checkpoint

log = logging.getLogger(__name__)
NUM_SHOWN = 16
"""Validation scenes in a run's last pictures."""
RETURNED_METRIC = "val/loss_at_beta"
"""The metric that a job returns to Hydra."""
SCORES = ("val/consistency/all", "val/retrieval", "val/loss_at_beta")
INTERRUPTED = 130
"""Exit code after Ctrl-C or SIGTERM."""


def run(config: DictConfig, context: RunContext) -> float | None:
    """Train what the config describes in the context's folder; returns ``val/loss_at_beta``.

    Raises:
        UserError: the config asks for something impossible; nothing has been made or written then.
        SystemExit: with code 130, after a line that says how to resume, where the run was stopped.
    """
    try:
        with sigterm_as_interrupt():
            return _run(config, context)
    except (KeyboardInterrupt, SystemExit) as stop:
        log.info("stopped; %s", _how_to_resume(context))
        # Lightning kills the first process where another ends with an error: right, unless all have agreed to stop.
        agreed = isinstance(stop, SIGTERMException) and not runs.is_main_process()
        raise SystemExit(0 if agreed else INTERRUPTED) from None
    except OSError:
        log.info("stopped; %s", _how_to_resume(context))
        raise
    except RuntimeError as error:
        if "gloo" not in str(error) and not isinstance(error, DistError):
            raise
        raise UserError(f"another process of the run has ended; {_how_to_resume(context)}") from error


def _run(config: DictConfig, context: RunContext) -> float | None:
    quieten()
    runs.end_with_main_process()
    checked = check(config)
    if context.is_sweep_job:
        runs.check_one_process(count_devices(checked.hardware.accelerator, config.trainer.devices))
    # Ranks of one run share its folder, which the main process holds.
    with runs.one_writer(context.folder) if runs.is_main_process() else nullcontext():
        return _train_in_folder(config, context, checked)


def _train_in_folder(config: DictConfig, context: RunContext, checked: Checked) -> float | None:
    plain = _plain(config)
    start = find_start(context.folder, plain, resume=bool(config.resume), sweep=context.is_sweep_job)
    if start is Start.FINISHED:
        log.info("finished before: %s", context.folder)
        return runs.final_metrics(context.folder).get(RETURNED_METRIC)
    checkpoint = newest_checkpoint(context.folder) if start is Start.RESUME else None
    if start is Start.NEW and runs.is_main_process():  # the others of a run start when its folder is claimed
        runs.check_unclaimed(context.folder)
    parts = build(config, checked, resumed=checkpoint is not None)
    if checkpoint:
        check_complete(checkpoint)
        check_fits(checkpoint, parts.module)  # before the records of the run are changed
    _claim(context, plain, start, parts.data)
    trainer = build_trainer(config, checked.hardware, context, _first_step(start, checkpoint))
    _announce(config, parts, trainer, start)
    if checkpoint is not None and checkpoint != context.folder / runs.LAST:
        log.warning("%s cannot be read; the run continues from %s", runs.LAST.name, checkpoint)
    with runs.main_process():
        metrics = train(parts.module, parts.data, trainer, checkpoint)
    # A run that was resumed after its last validation, or after its last epoch, has the metrics in its table.
    metrics = runs.last_metrics(context.folder) | metrics
    if trainer.is_global_zero and not config.trainer.fast_dev_run:
        _finish(context.folder, parts, trainer, metrics)
    return metrics.get(RETURNED_METRIC)


def _claim(context: RunContext, plain: Mapping[str, Any], start: Start, data: CaptionedDataModule) -> None:
    if runs.is_main_process():
        runs.claim(context.folder, plain, context.overrides, resumed=start is not Start.NEW, command=context.command)
        save_vocabulary(data, context.folder)


def train(
    module: CVAEModule, data: CaptionedDataModule, trainer: pl.Trainer, checkpoint: Path | None = None
) -> dict[str, float]:
    """Fit built objects, without any config, and return the final metrics.

    Args:
        module: the model and its objective.
        data: the scenes.
        trainer: a Lightning trainer; its ``default_root_dir`` is the run folder.
        checkpoint: where to continue from, or None.
    """
    trainer.fit(module, datamodule=data, ckpt_path=checkpoint, weights_only=True)
    metrics = sorted(trainer.callback_metrics.items())
    return {name: float(value) for name, value in metrics if name.startswith(("train/", "val/"))}


def _plain(config: DictConfig) -> dict[str, Any]:
    plain = OmegaConf.to_container(config, resolve=True)
    assert isinstance(plain, dict)
    named = {str(key): value for key, value in plain.items()}
    # Nothing of the shape world is in a run of own pictures.
    return named | ({"world": None, "scenes": None} if is_of_own_pictures(named) else {})


def _first_step(start: Start, checkpoint: Path | None) -> int | None:
    """The step at which the curves continue; None for a new run."""
    if checkpoint is not None:
        return int(read_checkpoint(checkpoint)["global_step"])
    return 0 if start is Start.RESTART else None


def _how_to_resume(context: RunContext) -> str:
    if context.is_sweep_job:
        return "the sweep's command, given again, resumes it"
    if not (context.folder / runs.CONFIG).exists():
        return "nothing was trained, and the same command starts again"
    return f"resume with: python -m cvae_lightning.train resume={context.folder}"


def _announce(config: DictConfig, parts: Parts, trainer: pl.Trainer, start: Start) -> None:
    if not trainer.is_global_zero:
        return
    parameters = sum(p.numel() for p in parts.module.model.parameters())
    log.info("%s parameters on %s; run folder %s", f"{parameters:,}", parts.hardware, trainer.default_root_dir)
    if start is Start.RESTART:
        log.info("the run was stopped before its first checkpoint and starts at step 0 again")
    plan = plan_of(parts.module, parts.data, trainer, learning_rate=float(config.optimizer.get("lr", 0)))
    # A sampler's training has neither a rate nor an autoencoder to warn of.
    for warning in recipe_warnings(plan) if config.distribution_matching is None else ():
        log.warning(warning)


def _finish(folder: Path, parts: Parts, trainer: pl.Trainer, metrics: Mapping[str, float]) -> None:
    """Draw the pictures with the checkpoint that users will load, then mark the run as finished."""
    scenes = parts.data.first("val", NUM_SHOWN)
    for file in draw_final_pictures(folder, load(folder), scenes):
        log.info("wrote %s", file)
    speed = next((c for c in trainer.callbacks if isinstance(c, Throughput)), Throughput())  # type: ignore[attr-defined]
    summary = {
        "metrics": dict(metrics),
        "steps": trainer.global_step,
        # Lightning does not count as completed what max_steps ended.
        "epochs": trainer.fit_loop.epoch_progress.current.started,  # type: ignore[attr-defined]
        "parameters": sum(p.numel() for p in parts.module.model.parameters()),
        "training_minutes": round(speed.seconds / 60, 2),
        "images_per_second": round(speed.images_per_second, 1),
        "hardware": str(parts.hardware),
    }
    runs.write_atomic(folder / runs.METRICS, json.dumps(summary, indent=1) + "\n")
    log.info("finished in %s of training: %s", duration(speed.seconds), _scores(trainer, metrics))
    log.info("paint with: python -m cvae_lightning.generate run=%s 'captions=[%s]'", folder, _shown_caption(scenes))


def _scores(trainer: pl.Trainer, metrics: Mapping[str, float]) -> str:
    """The last scores, and the best checkpoint's where one was chosen."""
    scores = [f"{name} {metrics[name]:.4g}" for name in SCORES if name in metrics]
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, RunCheckpoint) and callback.monitor and callback.best_model_score is not None:
            best = f"{callback.monitor} {float(callback.best_model_score):.4g}"
            scores.append(f"{Path(callback.best_model_path).name} has {best}")
    return ", ".join(scores) or "no validation"


def _shown_caption(scenes: Batch) -> str:
    """The shortest caption of some scenes, as an example; quoted where Hydra would read it as something else."""
    caption = min(scenes.captions, key=len)
    if caption.replace(" ", "").isalnum():
        return caption
    return json.dumps(caption, ensure_ascii=False).replace("'", "'\\''")
