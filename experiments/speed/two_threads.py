"""The quickstart on one thread and on two beside commit 07a5358 on one, step by step in turns.

``python experiments/speed/two_threads.py``; ``benchmark`` gives all variants as many threads, which 07a5358 cannot use
beside another training: each of its operations waits for the core that is taken.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

from cvae_lightning.training.speed.alternate import Variant, alternate
from cvae_lightning.training.speed.ratios import speed_ratio
from cvae_lightning.training.speed.variants import of_revision

HERE = Path(__file__).parent
BASE, ROUNDS = "07a5358", 40
RECIPE = ("+experiment=quickstart",)
KINDS = {"wall": "seconds", "cpu": "cpu_seconds", "first thread": "thread_seconds"}


def main() -> None:
    """Measure, and write ``two_threads.json`` beside this file."""
    with tempfile.TemporaryDirectory() as place:
        base = of_revision(Variant(name=f"{BASE}, 1 thread", arguments=RECIPE, threads=1), BASE, Path(place) / "base")
        variants = [
            replace(base, name=f"{BASE}, 1 thread"),
            Variant(name="train, 1 thread", arguments=RECIPE, threads=1),
            Variant(name="train, 2 threads", arguments=RECIPE, threads=2),
            Variant(name="bare loop, 2 threads", arguments=RECIPE, threads=2, loop="bare"),
        ]
        timed = alternate(variants, ROUNDS, 3, Path(place) / "runs")
    found = [
        {"name": each.variant.name}
        | {
            kind: speed_ratio(*([getattr(step, field) for step in one.steps] for one in (timed[0], each)))._asdict()
            for kind, field in KINDS.items()
        }
        | {field: [round(1000 * getattr(step, field), 1) for step in each.steps] for field in KINDS.values()}
        for each in timed
    ]
    (HERE / "two_threads.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
