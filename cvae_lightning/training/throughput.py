"""Training images per second: Lightning beside a bare PyTorch loop over the same model, data and optimizer."""

from __future__ import annotations

import json
import logging
import statistics
import time
from collections.abc import Iterable
from itertools import chain, islice, product, repeat
from pathlib import Path
from typing import Any, NamedTuple

import hydra
import pytorch_lightning as pl
import torch
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.callbacks import Callback
from rich.console import Console
from rich.table import Table

from cvae_lightning.data import Batch, CaptionedDataModule
from cvae_lightning.reports.throughput import draw_speeds
from cvae_lightning.runs import environment, write_atomic
from cvae_lightning.training.factory import build_module, check, quieten
from cvae_lightning.training.module import CVAEModule
from cvae_lightning.training.precision import Hardware, choose, native_precisions

log = logging.getLogger(__name__)
REFERENCE = ["model.image_size=256", "data.batch_size=32"]
"""The guide's sizes: with the default parts, the model by which minutes are compared between machines."""
REFERENCE_SPEED = 20.0
"""Images per second of the machine whose minutes are the reference minutes."""


class Case(NamedTuple):
    """One measurement; speeds in training images per second.

    Attributes:
        precision: as Lightning names it.
        channels_last: the memory format.
        lightning: through the LightningModule and the Trainer.
        bare: through a plain loop.
    """

    precision: str
    channels_last: bool
    lightning: float
    bare: float

    @property
    def label(self) -> str:
        """The setting in words."""
        return f"{self.precision}, {'channels_last' if self.channels_last else 'contiguous'}"


class Measured(NamedTuple):
    """What a benchmark leaves.

    Attributes:
        files: a table and a picture of it.
        fastest: the case that trains the most images per second through Lightning.
    """

    files: list[Path]
    fastest: Case


def measure(config: DictConfig) -> Measured:
    """Measure what the config describes; print a table, write ``benchmark.json`` and a picture of it."""
    quieten()
    default = check(config).hardware
    cases = [_case(config, hardware) for hardware in _settings(config)]
    reference = _reference(config) if config.benchmark.reference else None
    _show(config.name, cases, reference)
    folder = Path(HydraConfig.get().runtime.output_dir)
    report = {
        "experiment": config.name,
        "default": str(default),
        "cases": [case._asdict() for case in cases],
        "reference_images_per_second": reference,
        "environment": environment(),
    }
    table, picture = folder / "benchmark.json", folder / "benchmark.png"
    write_atomic(table, json.dumps(report, indent=1) + "\n")
    labels = [case.label.replace(", ", "\n") for case in cases]
    bars = [case.lightning for case in cases], [case.bare for case in cases]
    draw_speeds(config.name, labels, *bars, picture)
    return Measured([table, picture], max(cases, key=lambda case: case.lightning))


def _settings(config: DictConfig) -> list[Hardware]:
    precisions = config.benchmark.precisions or native_precisions(config.trainer.accelerator)
    combinations = product(precisions, (False, True))
    return [choose(config.trainer.accelerator, precision, layout) for precision, layout in combinations]


def _case(config: DictConfig, hardware: Hardware) -> Case:
    warmup, steps = config.benchmark.warmup, config.benchmark.steps
    data: CaptionedDataModule = instantiate(config.data)
    data.setup()

    def fresh() -> CVAEModule:
        pl.seed_everything(config.seed, verbose=False)
        return build_module(config, data.tokenizer.vocabulary, hardware.channels_last)

    bare = _bare(fresh(), data, hardware, warmup + steps, config.trainer.gradient_clip_val)
    lightning = _lightning(fresh(), data, hardware, warmup + steps, config.trainer.gradient_clip_val)
    speeds = [data.batch_size / statistics.median(seconds[warmup:]) for seconds in (lightning, bare)]
    log.info("%s: Lightning %.1f, bare %.1f images/s", hardware, *speeds)
    return Case(hardware.precision, hardware.channels_last, *speeds)


def _lightning(
    module: CVAEModule, data: CaptionedDataModule, hardware: Hardware, steps: int, clip: float | None
) -> list[float]:
    clock = _Clock()
    trainer = pl.Trainer(
        accelerator=hardware.accelerator,
        devices=1,
        precision=hardware.precision,  # type: ignore[arg-type]
        max_steps=steps,
        gradient_clip_val=clip,
        callbacks=[clock],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        limit_val_batches=0,
        use_distributed_sampler=False,
    )
    trainer.fit(module, datamodule=data)
    data.trainer = None
    return clock.seconds


def _bare(
    module: CVAEModule, data: CaptionedDataModule, hardware: Hardware, steps: int, clip: float | None
) -> list[float]:
    """The plain loop, as written by hand: the same model, loss, optimizer, batches and precision."""
    device = torch.device("cuda" if hardware.accelerator in ("gpu", "cuda") else hardware.accelerator)
    module.to(device)
    optimizer = module.optimizer(module.model.parameters())
    half = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(hardware.precision)
    scaler = torch.amp.GradScaler(device.type, enabled=half is torch.float16)
    seconds = []
    started = time.perf_counter()
    for batch in _batches(data, steps):
        images = batch.images.to(device).contiguous(memory_format=module.memory_format)
        with torch.autocast(device.type, half or torch.bfloat16, enabled=half is not None):
            reconstruction = module.model(images, batch.tokens.to(device))
            loss = module.objective(reconstruction, images, 0.0).loss
        optimizer.zero_grad()
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        if clip:
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(module.model.parameters(), clip)
        scaler.step(optimizer)
        scaler.update()
        _wait(device)
        seconds.append(time.perf_counter() - started)
        started = time.perf_counter()
    return seconds


def _batches(data: CaptionedDataModule, count: int) -> Iterable[Batch]:
    passes = chain.from_iterable(data.train_dataloader() for _ in repeat(None))
    return (data.on_after_batch_transfer(batch, 0) for batch in islice(passes, count))


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class _Clock(Callback):
    """Seconds from one batch's end to the next, loading included, as in the bare loop."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._since = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._since = time.perf_counter()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        _wait(pl_module.device)
        now = time.perf_counter()
        self.seconds.append(now - self._since)
        self._since = now


def _reference(config: DictConfig) -> float:
    """Images per second of the guide's model in this machine's default precision, by the bare loop."""
    guide = hydra.compose("train", REFERENCE)
    OmegaConf.set_struct(guide, False)
    guide.benchmark = config.benchmark
    data: CaptionedDataModule = instantiate(guide.data)
    data.setup()
    module = build_module(guide, data.tokenizer.vocabulary, channels_last=True)
    steps = config.benchmark.warmup + config.benchmark.steps
    hardware = choose(guide.trainer.accelerator, "auto", True)
    seconds = _bare(module, data, hardware, steps, None)
    return data.batch_size / statistics.median(seconds[config.benchmark.warmup :])


def _show(name: str, cases: list[Case], reference: float | None) -> None:
    table = Table("precision and memory format", "Lightning", "bare loop", "ratio", title=f"{name}: training images/s")
    for case in cases:
        ratio = case.lightning / case.bare
        table.add_row(case.label, f"{case.lightning:.1f}", f"{case.bare:.1f}", f"{ratio:.2f}")
    console = Console()
    console.print(table)
    if reference is not None:
        console.print(
            f"reference: the guide's model trains {reference:.1f} images/s here; "
            f"one minute here is {reference / REFERENCE_SPEED:.2f} reference minutes"
        )
