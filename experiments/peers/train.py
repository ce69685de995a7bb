"""Train a peer on an exported data set for some minutes of processor time, paint a split's captions, and save both.

    python experiments/peers/train.py --model flow --data DATA --minutes 17 --output OUT

``DATA`` is what ``python -m cvae_lightning.dataset split=[train,test]`` writes. ``OUT`` gets ``weights.pt``,
``samples/`` in the imagefolder layout, which ``python -m cvae_lightning.judge images=OUT/samples`` judges, and
``training.json``. A second call with the same output resumes. Minutes are processor time of one thread, so that other
work on the machine does not change how much is learned.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch
from captions import Captioned, Words, read
from diffusion import GENERATORS, Generator
from networks import Reader
from PIL import Image

BATCH, WARMUP, AVERAGE = 16, 200, 0.999


def main() -> None:
    arguments = _arguments()
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    train = read(arguments.data / "train")
    words = Words(train.captions)
    model = GENERATORS[arguments.model](Reader(len(words), words.length))
    record = fit(model, train, words, arguments.minutes * 60, arguments.rate, arguments.output)
    record |= {
        "model": arguments.model,
        "seed": arguments.seed,
        "parameters": sum(p.numel() for p in model.parameters()),
    }
    record["images_per_second_painting"] = paint(model, words, arguments)
    (arguments.output / "training.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(record))


def fit(
    model: Generator, data: Captioned, words: Words, seconds: float, top_rate: float, output: Path
) -> dict[str, float]:
    """Train until the processor time is used; the weights become their moving average."""
    output.mkdir(parents=True, exist_ok=True)
    saved, tokens = output / "weights.pt", words.encode(data.captions)
    optimizer = torch.optim.AdamW(model.parameters(), lr=top_rate, weight_decay=0.01, fused=True)
    average = {name: value.clone() for name, value in model.state_dict().items()}
    step, used = 0, 0.0
    if saved.is_file():
        state = torch.load(saved, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average, step, used = state["average"], state["step"], state["used"]
        torch.manual_seed(torch.initial_seed() + step)  # other pictures than those of the first call
    began, last, first = time.process_time() - used, time.process_time(), step
    while (used := time.process_time() - began) < seconds:
        index = torch.randint(0, len(data.images), (BATCH,))
        images = data.images[index].float() / 127.5 - 1
        # A call that continues warms up again.
        rate = top_rate * min(1, (step - first + 1) / WARMUP) * max(0.02, 1 - used / seconds)
        for group in optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16):
            loss = model.loss(images, tokens[index])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        keep = min(AVERAGE, (1 + step) / (10 + step))  # a short run's average must not hold its first weights
        for name, value in model.state_dict().items():
            average[name].lerp_(value, 1 - keep) if value.is_floating_point() else average[name].copy_(value)
        if time.process_time() - last > 60:
            last = time.process_time()
            print(
                f"{used / 60:.1f} min, step {step}, loss {float(loss):.4f}, {step * BATCH / used:.0f} images/s",
                flush=True,
            )
            _save(model, optimizer, {"average": average, "step": step, "used": used}, saved)
    _save(model, optimizer, {"average": average, "step": step, "used": used}, saved)
    model.load_state_dict(average)
    return {"minutes": used / 60, "steps": step, "images": step * BATCH, "images_per_second": step * BATCH / used}


def _save(model: Generator, optimizer: torch.optim.Optimizer, state: dict[str, object], to: Path) -> None:
    """Written beside the file, then renamed: a stopped call leaves the last whole one."""
    part = to.with_suffix(".part")
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()} | state, part)
    part.replace(to)


@torch.inference_mode()
def paint(model: Generator, words: Words, arguments: argparse.Namespace) -> float:
    """One picture of each caption of the split; how many are painted per second of processor time."""
    model.eval()
    rows = (arguments.data / arguments.split / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    captions = [json.loads(row)["text"] for row in rows][: arguments.captions]
    folder = arguments.output / "samples"
    folder.mkdir(exist_ok=True)
    noise = torch.randn(len(captions), 3, 64, 64, generator=torch.Generator().manual_seed(arguments.seed))
    began, lines = time.process_time(), []
    for start in range(0, len(captions), 64):
        part = captions[start : start + 64]
        with torch.autocast("cpu", torch.bfloat16):
            images = model.paint(words.encode(part), noise[start : start + 64])
        pixels = ((images.float() + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
        for number, (picture, caption) in enumerate(zip(pixels, part, strict=True), start):
            Image.fromarray(picture).save(folder / f"{number:05}.png")
            lines.append(json.dumps({"file_name": f"{number:05}.png", "text": caption}))
    (folder / "metadata.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(captions) / (time.process_time() - began)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=sorted(GENERATORS), required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True, help="of processor time of one thread")
    parser.add_argument("--rate", type=float, default=4e-4, help="learning rate at its highest")
    parser.add_argument("--split", default="test")
    parser.add_argument("--captions", type=int, default=512)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
