"""What a training step costs as each size grows: ``OMP_NUM_THREADS=1 python experiments/speed/growth/growth.py``.

Side, things and batch: processor time of the training thread, so that other work on the machine adds little; the median
of some steps. Threads and workers: the command ``train``, step by step in turns, as ``benchmark`` does it.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from cvae_lightning.cli.compose import composed
from cvae_lightning.data import Batch, CaptionedDataModule
from cvae_lightning.reports.figures import new_figure, save_figure
from cvae_lightning.training.factory import quieten
from cvae_lightning.training.module import CVAEModule
from cvae_lightning.training.precision import Hardware
from cvae_lightning.training.speed.alternate import Variant, alternate
from cvae_lightning.training.speed.machine import built, gflop_per_image, training_loss
from cvae_lightning.training.speed.ratios import speed_ratio

HERE = Path(__file__).parent
STEPS = 8
"""Timed steps of each size."""
SIDES = (32, 64, 128, 256)
BATCHES = (4, 8, 16, 32, 64)
THINGS = (1, 2, 4, 6, 8, 10)
SEARCHED = 4096
"""Training scenes among which those with so many things are looked for."""
ROUNDS = 12
RECIPE = "experiment=quickstart"


def main() -> None:
    """Measure, and write ``metrics.json`` and ``curves.png`` beside this file."""
    quieten()
    found = {
        "side": [by_size(side, 16) for side in SIDES],
        "batch": [by_size(64, batch) for batch in BATCHES],
        "things": by_things(),
        "turns": in_turns(),
    }
    (HERE / "metrics.json").write_text(json.dumps(found, indent=1) + "\n")
    draw(found)


def by_size(side: int, batch_size: int) -> dict[str, float]:
    """Milliseconds and GFLOP per image of the quickstart's model at this side and batch."""
    module, data, hardware = quickstart(side, batch_size)
    batches = [data.take("train", range(k * batch_size, (k + 1) * batch_size)) for k in range(2)]
    return {
        "side": side,
        "batch": batch_size,
        "milliseconds_per_image": milliseconds_per_image(module, batches, hardware),
        "gflop_per_image": round(gflop_per_image(module, batches[0], hardware), 3),
    }


def by_things() -> list[dict[str, float]]:
    """The same by how many things all scenes of a batch of 16 have."""
    module, data, hardware = quickstart(64, 16)
    dataset: Any = data.datasets["train"]
    counts = [len(dataset.scene(index).scene.things) for index in range(SEARCHED)]
    rows = []
    for things in THINGS:
        indices = [index for index, count in enumerate(counts) if count == things][:16]
        batches = [data.take("train", indices)]
        cost = milliseconds_per_image(module, batches, hardware)
        gflop = round(gflop_per_image(module, batches[0], hardware), 3)
        rows.append({"things": things, "milliseconds_per_image": cost, "gflop_per_image": gflop})
    return rows


def quickstart(side: int, batch_size: int) -> tuple[CVAEModule, CaptionedDataModule, Hardware]:
    """The quickstart at another size, in training mode."""
    sizes = [f"model.image_size={side}", f"data.batch_size={batch_size}", "data.num_workers=0"]
    module, data, hardware = built(composed("train", [RECIPE, *sizes]).config)
    module.train()
    return module, data, hardware


def milliseconds_per_image(module: CVAEModule, batches: Sequence[Batch], hardware: Hardware) -> float:
    """Median processor time of a step without data and callbacks, per image."""
    optimizer = module.optimizer(module.model.parameters())
    seconds = []
    for step in range(STEPS + 2):
        started = time.thread_time()
        optimizer.zero_grad()
        training_loss(module, batches[step % len(batches)], hardware).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(module.model.parameters(), 1.0)
        optimizer.step()
        seconds.append(time.thread_time() - started)
    return round(1000 * statistics.median(seconds[2:]) / len(batches[0].images), 2)


def in_turns() -> list[dict[str, Any]]:
    """Threads and loader workers of the command, as speeds beside one thread without workers."""
    variants = [
        Variant(name="1 thread", arguments=(f"+{RECIPE}", "data.num_workers=0"), threads=1),
        Variant(name="2 threads", arguments=(f"+{RECIPE}", "data.num_workers=0"), threads=2),
        Variant(name="1 thread, 1 worker", arguments=(f"+{RECIPE}", "data.num_workers=1"), threads=1),
        Variant(name="1 thread, 2 workers", arguments=(f"+{RECIPE}", "data.num_workers=2"), threads=1),
    ]
    with tempfile.TemporaryDirectory() as place:
        timed = alternate(variants, ROUNDS, 3, Path(place))
    kinds = {"wall": "seconds", "processor": "cpu_seconds", "first_thread": "thread_seconds"}
    return [
        {"name": each.variant.name}
        | {
            kind: speed_ratio(*([getattr(step, field) for step in one.steps] for one in (timed[0], each)))._asdict()
            for kind, field in kinds.items()
        }
        for each in timed
    ]


def draw(found: dict[str, list[dict[str, Any]]]) -> None:
    """The three curves and the ratios in one picture."""
    figure = new_figure(12, 3)
    *curves, bars = figure.subplots(1, 4)
    for axes, key in zip(curves, ("side", "batch", "things"), strict=True):
        rows = found[key]
        sizes = [row[key] for row in rows]
        axes.plot(sizes, [row["milliseconds_per_image"] for row in rows], marker="o")
        axes.set(xlabel=key, ylabel="ms per training image", xticks=sizes)
        if key != "things":
            axes.set(xscale="log", yscale="log", xticks=sizes)
            axes.set_yticks([row["milliseconds_per_image"] for row in rows])
            axes.set_yticklabels([f"{row['milliseconds_per_image']:.1f}" for row in rows])
        axes.set_xticklabels(map(str, sizes))
        axes.minorticks_off()
    names = [row["name"] for row in found["turns"]]
    bars.barh(names, [row["wall"]["median"] for row in found["turns"]])
    bars.set(xlabel="steps per second, 1 thread = 1")
    save_figure(figure, HERE / "curves.png")


if __name__ == "__main__":
    main()
