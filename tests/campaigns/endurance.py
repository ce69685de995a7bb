"""Long work of four kinds: memory, open files, threads and time per unit must stay as they are.

``python -m campaigns.endurance --out experiments/endurance`` writes curves and numbers; ``--share 0.01`` does a
hundredth of it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from contextlib import chdir, redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from support import ROOT

from campaigns.meter import Meter, MeterEpochs, Sample, growth
from campaigns.settings import BASE
from cvae_lightning.world import captioned_scene, parse

UNITS = {"epochs": 2_000, "pictures": 10_000, "trials": 300, "captions": 1_000_000}
SAMPLES = 40
"""Samples of each kind of work."""
WORKERS = 3
"""Processes of the search."""
TINIEST = [
    *(one for one in BASE if not one.startswith(("data.size", "data.val", "trainer.max", "trainer.log", "callbacks."))),
    "data.size=20",
    "data.val_fraction=0.2",
    "trainer.log_every_n_steps=2",
    "callbacks.judge_samples.count=2",
    "callbacks.judge_samples.after_epochs=1",
    "callbacks.log_images.count=2",
    "callbacks.periodic=null",
]
"""Two batches and a validation of four scenes an epoch."""


def run_command(name: str, arguments: list[str], folder: Path) -> None:
    """A command of the package in this process, in a folder, its output in ``log.txt``."""
    before = sys.argv
    sys.argv = [str(ROOT / "cvae_lightning" / f"{name}.py"), *arguments]
    try:
        with chdir(folder), (folder / "log.txt").open("a") as log, redirect_stdout(log), redirect_stderr(log):
            import_module(f"cvae_lightning.{name}").main()
    except SystemExit as stop:
        if stop.code:
            raise RuntimeError(f"{name} ends with {stop.code}: {(folder / 'log.txt').read_text()[-2000:]}") from stop
    finally:
        sys.argv = before


def epochs(count: int, folder: Path) -> dict[str, list[Sample]]:
    """One training of many epochs."""
    every = max(1, count // SAMPLES)
    meter = ["+callbacks.meter._target_=campaigns.meter.MeterEpochs", f"+callbacks.meter.every={every}"]
    run_command("train", [*TINIEST, *meter, f"trainer.max_epochs={count}", "hydra.run.dir=run"], folder)
    assert MeterEpochs.latest is not None
    return {"epochs": MeterEpochs.latest.meter.samples}


def pictures(count: int, folder: Path) -> dict[str, list[Sample]]:
    """Many pictures by one ``generate``."""
    from cvae_lightning.reports import samples as written

    every_word = ["data.size=2000", "data.fit_captions=1500", "trainer.limit_train_batches=2"]
    given = [*(one for one in TINIEST if not one.startswith(("data.size", "data.fit"))), *every_word]
    run_command("train", [*given, "trainer.max_epochs=1", "hydra.run.dir=model"], folder)
    meter, done, every, save = Meter(), itertools.count(1), max(1, count // SAMPLES), written._write

    def counted(*arguments: Any, **named: Any) -> Any:
        result = save(*arguments, **named)
        if (number := next(done)) % every == 0:
            meter.sample(number)
        return result

    written._write = counted
    try:
        caption = "captions=[a large blue square above 3 small red circles]"
        run_command("generate", ["run=model", caption, f"num_samples={count}", "output=painted"], folder)
    finally:
        written._write = save
    return {"pictures": meter.samples}


def trials(count: int, folder: Path) -> dict[str, list[Sample]]:
    """Processes that work on one search at once, each sampled from outside."""
    search = [
        "hydra/sweeper=optuna",
        "hydra.sweeper.objectives=[minimize val/loss]",
        f"hydra.sweeper.n_trials={count}",
        "objective.beta=tag(log,interval(0.1,10))",
        "model.latent_dim=16,32,64",
    ]
    command = [sys.executable, str(ROOT / "tests" / "support" / "stub.py"), "-m", *search, "hydra.sweep.dir=study"]
    workers = []
    for number in range(WORKERS):
        with (folder / f"worker_{number}.txt").open("w") as log:
            workers.append(subprocess.Popen(command, cwd=folder, stdout=log, stderr=log))
    meters = {worker.pid: Meter(worker.pid) for worker in workers}
    every, measured = max(1, count // SAMPLES), 0
    while any(worker.poll() is None for worker in workers):
        done = len(list(folder.glob("study/*/metrics.json")))
        if done >= measured + every:
            measured = done
            for worker in workers:
                if worker.poll() is None:
                    meters[worker.pid].sample(done)
        time.sleep(0.2)
    if any(worker.returncode for worker in workers):
        raise RuntimeError(f"a worker fails: {(folder / 'worker_0.txt').read_text()[-2000:]}")
    return {f"trials, process {number + 1}": meters[worker.pid].samples for number, worker in enumerate(workers)}


def captions(count: int, folder: Path) -> dict[str, list[Sample]]:
    """Captions through the parser, drawn and read."""
    texts = [captioned_scene(0, "train", index).caption for index in range(min(count, 1_000))]
    meter, every = Meter(), max(1, count // SAMPLES)
    for number in range(1, count + 1):
        parse(texts[number % len(texts)])
        if number % every == 0:
            meter.sample(number)
    return {"captions": meter.samples}


WORK = {"epochs": epochs, "pictures": pictures, "trials": trials, "captions": captions}


def draw(found: dict[str, list[Sample]], path: Path) -> None:
    """Every quantity of every kind of work as curves."""
    shown = {"memory": "resident memory, MB", "files": "open files", "milliseconds": "processor time per unit, ms"}
    figure = Figure(figsize=(10, 2.3 * len(found)), layout="constrained")
    axes = figure.subplots(len(found), len(shown), squeeze=False)
    for row, (name, samples) in zip(axes, found.items(), strict=True):
        for axis, (quantity, label) in zip(row, shown.items(), strict=True):
            values = [getattr(sample, quantity) for sample in samples]
            axis.plot([sample.units for sample in samples], values)
            axis.set(title=f"{name}: {label}", ylim=(0, 1.3 * max(values, default=1) or 1))
            axis.title.set_size(8)
            axis.tick_params(labelsize=7)
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the full amount of work")
    parser.add_argument("--only", default=",".join(WORK), help="kinds of work, with commas")
    parser.add_argument("--out", type=Path, required=True, help="folder for curves.png and metrics.json")
    given = parser.parse_args()
    found: dict[str, list[Sample]] = {}
    counts, minutes = {}, {}
    for name in given.only.split(","):
        counts[name], began = max(SAMPLES // 4, round(UNITS[name] * given.share)), time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            found |= WORK[name](counts[name], Path(folder))
        minutes[name] = round((time.monotonic() - began) / 60, 1)
        print(name, counts[name], minutes[name], flush=True)
    given.out.mkdir(parents=True, exist_ok=True)
    result = {
        "units": counts,
        "minutes": minutes,
        "second_half": {name: growth(samples) for name, samples in found.items()},
        "samples": {name: [sample.as_plain() for sample in samples] for name, samples in found.items()},
    }
    (given.out / "metrics.json").write_text(json.dumps(result, indent=1) + "\n")
    draw(found, given.out / "curves.png")


if __name__ == "__main__":
    main()
