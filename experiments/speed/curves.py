"""What a training step costs as the batch and the canvas grow: `OMP_NUM_THREADS=1 python experiments/speed/curves.py`.

Processor time of the training thread, so that other work on the machine adds little; the median of some steps.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path

import torch

from cvae_lightning.cli.compose import composed
from cvae_lightning.reports.figures import new_figure, save_figure
from cvae_lightning.training.speed.machine import built, gflop_per_image, training_loss

HERE = Path(__file__).parent
STEPS = 6
"""Timed steps of each size."""
BATCHES = (4, 8, 16, 32, 64)
SIDES = (32, 64, 128, 256)


def cost(side: int, batch_size: int) -> dict[str, float]:
    """Milliseconds and GFLOP per image of the quickstart's model at this side and batch."""
    sizes = [f"model.image_size={side}", f"data.batch_size={batch_size}", "data.num_workers=0"]
    module, data, hardware = built(composed("train", ["experiment=quickstart", *sizes]).config)
    module.train()
    optimizer = module.optimizer(module.model.parameters())
    batches = [data.take("train", range(k * batch_size, (k + 1) * batch_size)) for k in range(2)]
    seconds = []
    for step in range(STEPS + 2):
        started = time.thread_time()
        optimizer.zero_grad()
        training_loss(module, batches[step % 2], hardware).backward()
        torch.nn.utils.clip_grad_norm_(module.model.parameters(), 1.0)
        optimizer.step()
        seconds.append(time.thread_time() - started)
    return {
        "side": side,
        "batch": batch_size,
        "milliseconds_per_image": round(1000 * statistics.median(seconds[2:]) / batch_size, 2),
        "gflop_per_image": round(gflop_per_image(module, batches[0], hardware), 3),
    }


def main() -> None:
    """Measure, and write ``curves.json`` and ``curves.png`` beside this file."""
    by_batch = [cost(64, batch) for batch in BATCHES]
    by_side = [cost(side, 16) for side in SIDES]
    (HERE / "curves.json").write_text(json.dumps({"batch": by_batch, "side": by_side}, indent=1) + "\n")
    figure = new_figure(8, 3)
    for axes, key, rows in zip(figure.subplots(1, 2), ("batch", "side"), (by_batch, by_side), strict=True):
        axes.plot([row[key] for row in rows], [row["milliseconds_per_image"] for row in rows], marker="o")
        axes.set(
            xscale="log", yscale="log", xlabel=key, ylabel="ms per training image", xticks=[row[key] for row in rows]
        )
        axes.set_xticklabels([str(row[key]) for row in rows])
        axes.minorticks_off()
    save_figure(figure, HERE / "curves.png")


if __name__ == "__main__":
    main()
