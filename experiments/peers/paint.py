"""Paint a split's captions with a trained run of this project, in the layout of the other generators' samples.

    python experiments/peers/paint.py --run RUN --data DATA --output OUT

``OUT/samples/`` is then judged as theirs is: ``python -m cvae_lightning.judge images=OUT/samples``. Prints how many
pictures are painted per second of processor time, with one thread.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch

import cvae_lightning

AT_ONCE = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--split", default="heldout")
    parser.add_argument("--captions", type=int, default=512)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    painter = cvae_lightning.load(arguments.run)
    rows = (arguments.data / arguments.split / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    captions = [json.loads(row)["text"] for row in rows][: arguments.captions]
    painter.paint(captions[:AT_ONCE], batch_size=AT_ONCE)  # so that nothing is measured that happens once
    began = time.process_time()
    pictures = [row[0] for row in painter.paint(captions, batch_size=AT_ONCE)]
    speed = len(captions) / (time.process_time() - began)
    folder = arguments.output / "samples"
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for number, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        picture.save(folder / f"{number:05}.png")
        lines.append(json.dumps({"file_name": f"{number:05}.png", "text": caption}))
    (folder / "metadata.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(captions)} pictures, {speed:.1f} per second")


if __name__ == "__main__":
    main()
