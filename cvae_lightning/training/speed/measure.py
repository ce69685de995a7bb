"""A benchmark: variants of a training in turns, the parts of a step, and the machine."""

from __future__ import annotations

import json
import logging
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from rich.console import Console
from rich.table import Table

from cvae_lightning.reports.throughput import draw_ratios
from cvae_lightning.runs import environment, write_atomic
from cvae_lightning.training.factory import check, quieten
from cvae_lightning.training.speed.alternate import Timed, alternate
from cvae_lightning.training.speed.machine import (
    REFERENCE_SPEED,
    built,
    gflop_per_image,
    matrix_gflops,
    reference_speed,
)
from cvae_lightning.training.speed.parts import time_parts
from cvae_lightning.training.speed.ratios import Ratio, speed_ratio
from cvae_lightning.training.speed.variants import of_revision, variants

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A variant beside the command as given.

    Attributes:
        name: of the variant.
        arguments: of ``train``.
        images_per_second: by the median step.
        ratio: of speeds, to the command as given.
        cpu_ratio: the same by processor time, which other processes disturb less.
        cpu_seconds: of the median step, all threads together.
        thread_ratio: as ``cpu_ratio``, by the first thread's processor time: what more cores that are free could give.
        peak_mebibytes: the largest resident memory.
    """

    name: str
    arguments: tuple[str, ...]
    images_per_second: float
    ratio: Ratio
    cpu_ratio: Ratio
    cpu_seconds: float
    thread_ratio: Ratio
    peak_mebibytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a benchmark leaves.

    Attributes:
        files: a table and a picture of it.
        fastest: the variant of the highest ratio.
    """

    files: tuple[Path, ...]
    fastest: Compared


def measure(config: DictConfig, arguments: Sequence[str], folder: Path) -> Measured:
    """Measure what the config describes; print tables, write ``benchmark.json`` and a picture of it.

    Args:
        config: of ``benchmark``.
        arguments: those of ``train`` among the command's.
        folder: of the results.
    """
    quieten()
    hardware = check(config).hardware
    settings = config.benchmark
    compared = _compare(settings, variants(arguments, hardware, settings.compare), config.data.batch_size)
    report: dict[str, Any] = {
        "experiment": config.name,
        "default": str(hardware),
        "variants": [_plain(each) for each in compared],
        "machine": _machine(config) if settings.parts else None,
        "reference_images_per_second": reference_speed(hardware.accelerator) if settings.reference else None,
        "environment": environment(),
    }
    table, picture = folder / "benchmark.json", folder / "benchmark.png"
    write_atomic(table, json.dumps(report, indent=1) + "\n")
    draw_ratios(config.name, {each.name: each.ratio for each in compared}, picture)
    _show(config.name, compared, report)
    return Measured(files=(table, picture), fastest=max(compared, key=lambda each: each.ratio.median))


def _compare(settings: DictConfig, chosen: list[Any], batch_size: int) -> list[Compared]:
    with tempfile.TemporaryDirectory() as place:
        if settings.against:
            chosen = [*chosen, of_revision(chosen[0], str(settings.against), Path(place) / "revision")]
        timed = alternate(chosen, settings.rounds, settings.warmup, Path(place))
    return [_compared(timed[0], each, batch_size) for each in timed]


def _compared(base: Timed, timed: Timed, batch_size: int) -> Compared:
    return Compared(
        name=timed.variant.name,
        arguments=timed.variant.arguments,
        images_per_second=batch_size / statistics.median(step.seconds for step in timed.steps),
        ratio=speed_ratio([step.seconds for step in base.steps], [step.seconds for step in timed.steps]),
        cpu_ratio=speed_ratio([step.cpu_seconds for step in base.steps], [step.cpu_seconds for step in timed.steps]),
        thread_ratio=speed_ratio([s.thread_seconds for s in base.steps], [s.thread_seconds for s in timed.steps]),
        cpu_seconds=statistics.median(step.cpu_seconds for step in timed.steps),
        peak_mebibytes=timed.peak_bytes / 2**20,
    )


def _machine(config: DictConfig) -> dict[str, Any]:
    """Parts of a step, and how near its arithmetic comes to the machine's matrix products."""
    module, data, hardware = built(config)
    module.train()
    products = {str(dtype).removeprefix("torch."): matrix_gflops(dtype, module.device) for dtype in _dtypes(hardware)}
    batch = data.first("train", config.data.batch_size)
    return {
        "matrix_product_gflop_per_second": products,
        "gflop_per_image": gflop_per_image(module, batch, hardware),
        "milliseconds": time_parts(module, data, hardware, config.trainer.gradient_clip_val, config.benchmark.rounds),
    }


def _dtypes(hardware: Any) -> list[torch.dtype]:
    half = {"bf16-mixed": [torch.bfloat16], "16-mixed": [torch.float16]}.get(hardware.precision, [])
    return [torch.float32, *half]


def _plain(each: Compared) -> dict[str, Any]:
    return {
        "name": each.name,
        "arguments": list(each.arguments),
        "images_per_second": round(each.images_per_second, 2),
        "ratio": each.ratio._asdict(),
        "cpu_ratio": each.cpu_ratio._asdict(),
        "thread_ratio": each.thread_ratio._asdict(),
        "cpu_seconds_per_step": round(each.cpu_seconds, 4),
        "peak_mebibytes": round(each.peak_mebibytes),
    }


def _show(name: str, compared: Sequence[Compared], report: Mapping[str, Any]) -> None:
    console = Console()
    columns = ("variant", "images/s", "speed", "by processor time", "of the first thread", "peak MiB")
    table = Table(*columns, title=f"{name}: steps in turns; median ratios with 95 % intervals")
    for each in compared:
        ratios = map(str, (each.ratio, each.cpu_ratio, each.thread_ratio))
        table.add_row(each.name, f"{each.images_per_second:.1f}", *ratios, f"{each.peak_mebibytes:.0f}")
    console.print(table)
    if machine := report["machine"]:
        parts = Table("part of a step", "ms", "share", title="a bare loop's step")
        total = sum(machine["milliseconds"].values())
        for part, milliseconds in machine["milliseconds"].items():
            parts.add_row(part, f"{milliseconds:.1f}", f"{milliseconds / total:.0%}")
        console.print(parts)
        used = machine["gflop_per_image"] * compared[0].images_per_second
        products = ", ".join(
            f"{kind} {value:.0f}" for kind, value in machine["matrix_product_gflop_per_second"].items()
        )
        console.print(
            f"a training image takes {machine['gflop_per_image']:.2f} GFLOP, so training does {used:.0f} GFLOP/s; "
            f"matrix products here: {products} GFLOP/s"
        )
    if reference := report["reference_images_per_second"]:
        console.print(
            f"reference: the guide's model trains {reference:.1f} images/s here; "
            f"one minute here is {reference / REFERENCE_SPEED:.2f} reference minutes"
        )
