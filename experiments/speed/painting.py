"""How fast 64 captions are painted by one thread and by two, in turns: ``python experiments/speed/painting.py``.

The shipped model with ``sampler=fast``, without the judge; processor time of the first thread, which painting takes at
least, and the wall's clock. And how many of 512 test captions it paints right.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path

import torch

from cvae_lightning import ShapeSceneDataset, load
from cvae_lightning.cli.compose import composed
from cvae_lightning.inference.halves import generate
from cvae_lightning.inference.noise import normal_rows
from cvae_lightning.training.speed.ratios import speed_ratio

HERE = Path(__file__).parent
ROUNDS, COUNT, JUDGED = 40, 64, 512


def main() -> None:
    """Measure, and write ``painting.json`` beside this file."""
    sampler = dict(composed("generate", ["sampler=fast", "captions=[a red circle]"]).config.sampler)
    painter = load(sampler=sampler)
    captions = list(ShapeSceneDataset(JUDGED, painter.model.image_size, 0, "test", world=painter.world).captions())
    tokens = painter.tokenizer.encode_batch([painter.words(caption) for caption in captions[:COUNT]])
    noise = normal_rows([(0, k) for k in range(COUNT)], painter.model.latent_dim)
    seconds: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for turn in range(ROUNDS + 2):
        for threads in (1, 2) if turn % 2 else (2, 1):
            torch.set_num_threads(threads)
            started = time.perf_counter(), time.thread_time()
            generate(painter.model, tokens, noise)
            seconds[threads].append((time.perf_counter() - started[0], time.thread_time() - started[1]))
    torch.set_num_threads(1)
    right = [row[0].is_right for row in painter.paint_and_judge(captions)]
    (wall, first), (wall_2, first_2) = (tuple(zip(*times[2:], strict=True)) for times in seconds.values())
    found = {
        "sampler": sampler,
        "images": COUNT,
        "milliseconds_by_one_thread": round(1000 * statistics.median(first), 1),
        "milliseconds_of_the_first_of_two": round(1000 * statistics.median(first_2), 1),
        "ratio_of_first_threads": speed_ratio(first, first_2)._asdict(),
        "ratio_by_the_wall": speed_ratio(wall, wall_2)._asdict(),
        "right": sum(right),
        "judged": JUDGED,
    }
    (HERE / "painting.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
