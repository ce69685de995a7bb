"""How far does a recipe go beyond what it saw? Train and evaluate it on each question, then draw what was found.

    python experiments/generalisation/run.py --output outputs/generalisation
    python experiments/generalisation/run.py --output outputs/generalisation --only numbers,pictures_100

A question is a file of ``conf/generalisation``. With the same command, what is stopped resumes, and what is finished is
not done again. ``results.json`` and ``curves.png`` are of all questions that are finished.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvae_lightning.evaluation.proportions import wilson
from cvae_lightning.inference.declared_world import declared_world
from cvae_lightning.runs import find_checkpoint
from cvae_lightning.world import World, parse

CONF = Path(__file__).parents[2] / "conf" / "generalisation"
QUESTIONS = sorted(path.stem for path in CONF.glob("*.yaml"))
EVALUATION = ["bound_images=8", "bound_samples=4", "coverage_captions=4", "coverage_samples=16"]
"""The parts of an evaluation that are not asked for here, kept short."""


DONE = "evaluation/evaluation.json"
"""In the folder of a question: its last file."""


def main() -> None:
    given = _arguments()
    for name in given.only:
        folder = given.output / name
        if not (folder / "metrics.json").exists():
            resumed = [f"resume={folder}"] if (folder / "checkpoints").is_dir() else []
            new = [f"+experiment={given.recipe}", f"+generalisation={name}", f"seed={given.seed}"]
            command("train", *(resumed or [*new, *given.overrides, f"hydra.run.dir={folder}"]))
        if not (folder / DONE).exists():
            where = f"hydra.run.dir={folder / 'evaluation'}"
            command("evaluate", f"run={folder}", f"captions={given.captions}", *EVALUATION, where)
    found = {name: shares(given.output / name) for name in QUESTIONS if (given.output / name / DONE).is_file()}
    (given.output / "results.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    draw(found, given.output / "curves.png")


def command(name: str, *arguments: str) -> None:
    """A command of the package; this program ends where it does not succeed."""
    print(name, *arguments, flush=True)
    done = subprocess.run([sys.executable, "-m", f"cvae_lightning.{name}", *arguments], check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


def shares(folder: Path) -> dict[str, Any]:
    """Of each split, and of each largest count and number of groups within it: how many are right, and of how many."""
    lines = (folder / "evaluation" / "samples.jsonl").read_text(encoding="utf-8").splitlines()
    world = declared_world(find_checkpoint(folder))
    assert world is not None
    table: dict[str, list[int]] = {}
    for line in map(json.loads, lines):
        for key in (line["split"], *_kinds(line["split"], line["caption"], world)):
            cell = table.setdefault(key, [0, 0])
            cell[0] += line["right"]
            cell[1] += 1
    return {
        key: {"right": right, "of": of, "interval": wilson(right, of)} for key, (right, of) in sorted(table.items())
    }


def _kinds(split: str, caption: str, world: World) -> list[str]:
    groups = parse(caption, world=world).groups
    return [f"{split}, largest count {max(group.count for group in groups)}", f"{split}, {len(groups)} groups"]


def draw(found: dict[str, Any], path: Path) -> None:
    """What was found: curves over the number of pictures and of diagonals, and bars for what was never seen."""
    panels = {
        "pictures_": lambda axis: _curve(axis, found, "pictures_", "pictures in training", ("test", "heldout")),
        "diagonals_": lambda axis: _curve(
            axis, found, "diagonals_", "diagonals withheld, of ten", ("test", "novel_pair")
        ),
        "": lambda axis: _bars(axis, found),
    }
    shown = [name for name in panels if any(q.startswith(name or ("numbers", "three")) for q in found)]
    figure = Figure(figsize=(4 * len(shown), 3.2), layout="constrained")
    axes = figure.subplots(1, max(1, len(shown)), squeeze=False)[0]
    for name, axis in zip(shown, axes, strict=False):
        panels[name](axis)
        axis.set(ylim=(0, 105), ylabel="right, %")
    figure.savefig(path, dpi=150)


def _bars(axis: Axes, found: dict[str, Any]) -> None:
    bars = [
        ("4 in a group", "numbers", "novel_count, largest count 4"),
        ("5 in a group", "numbers", "novel_count, largest count 5"),
        ("3 groups,\nnever", "three_groups_never", "novel_groups"),
        ("3 groups,\n1 %", "three_groups_seldom", "novel_groups"),
    ]
    bars = [(label, name, key) for label, name, key in bars if key in found.get(name, {})]
    cells = [found[name][key] for _, name, key in bars]
    values = [100 * cell["right"] / cell["of"] for cell in cells]
    axis.bar([label for label, _, _ in bars], values, yerr=_errors(values, cells), capsize=3, color="#888")
    axis.set_title("never or seldom in training", size=9)
    axis.tick_params(labelsize=7)


def _curve(axis: Axes, found: dict[str, Any], prefix: str, label: str, splits: Sequence[str]) -> None:
    numbers = sorted(int(name.removeprefix(prefix)) for name in found if name.startswith(prefix))
    for split, marker in zip(splits, "os", strict=True):
        points = [(n, cell) for n in numbers if (cell := found[f"{prefix}{n}"].get(split))]
        if points:
            values = [100 * cell["right"] / cell["of"] for _, cell in points]
            errors = _errors(values, [cell for _, cell in points])
            axis.errorbar([n for n, _ in points], values, yerr=errors, marker=marker, capsize=3, label=split)
            axis.legend(fontsize=7)
    axis.set_xlabel(label)
    if prefix == "pictures_":
        axis.set_xscale("log")


def _errors(values: Sequence[float], cells: Sequence[dict[str, Any]]) -> list[list[float]]:
    """How far the intervals reach below and above, in per cent."""
    lower = [max(0.0, value - 100 * cell["interval"][0]) for value, cell in zip(values, cells, strict=True)]
    upper = [max(0.0, 100 * cell["interval"][1] - value) for value, cell in zip(values, cells, strict=True)]
    return [lower, upper]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, help="a folder per question, results.json, curves.png")
    parser.add_argument("--only", default=",".join(QUESTIONS), help="questions, with commas; all without it")
    parser.add_argument("--recipe", default="quickstart", help="a name of conf/experiment")
    parser.add_argument("--captions", type=int, default=512, help="of each split")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("overrides", nargs="*", help="further settings of the training")
    given = parser.parse_args()
    given.only, given.output = given.only.split(","), given.output.resolve()
    if unknown := [name for name in given.only if name not in QUESTIONS]:
        parser.error(f"--only has {unknown[0]!r}: expected {', '.join(QUESTIONS)}")
    return given


if __name__ == "__main__":
    main()
