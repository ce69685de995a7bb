"""Run folders: claimed by one run, found again, and read."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.runs import layout
from cvae_lightning.runs.atomic import rotate, write_versioned
from cvae_lightning.runs.layout import BEST, CHECKPOINTS, CONFIG, ENVIRONMENT, LAST, METRICS, TABLE, WEIGHTS
from cvae_lightning.runs.provenance import environment

RUNTIME_KEYS = ("resume",)
"""Keys that say how a command runs, not what the run is."""


def claim(folder: Path, config: Mapping[str, Any], resumed: bool) -> None:
    """Make the folder this run's: write its resolved config and what it ran on.

    Raises:
        UserError: another run lives there already.
    """
    if not resumed and (folder / CONFIG).exists():
        raise UserError(f"{folder} already holds a run; resume it with resume={folder} or choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    if is_finished(folder):
        rotate(folder / METRICS)
    write_versioned(folder / CONFIG, yaml.safe_dump(_comparable(config), sort_keys=False))
    write_versioned(folder / ENVIRONMENT, json.dumps(environment(), indent=1) + "\n")


def is_same_run(folder: Path, config: Mapping[str, Any]) -> bool:
    """Whether a sweep that was stopped and is started again finds this very run in its job's folder.

    Raises:
        UserError: another run lives there.
    """
    if not (folder / CONFIG).exists():
        return False
    if not has_same_config(folder / CONFIG, config):
        raise UserError(f"{folder} already holds a run with other settings; choose another folder with hydra.sweep.dir")
    return True


def is_finished(folder: Path) -> bool:
    """Whether the run in a folder came to its end."""
    return (folder / METRICS).exists()


def find_checkpoint(path: str | Path | None) -> Path:
    """The file of the trained model that is meant: the path itself, a run folder's best checkpoint, else its last,
    or a folder's exported weights; without a path, the model that comes with the package.

    Raises:
        UserError: there is none.
    """
    if path is None:
        return _shipped()
    path = Path(path)
    for file in (path, path / BEST, path / LAST, path / WEIGHTS):
        if file.is_file():
            return file
    if not path.exists():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise UserError(f"run={path}: no such file or folder{nearest_hint(path.name, siblings)}")
    raise UserError(f"run={path}: the folder is no run, for it has no {BEST} or {LAST.name}, and no {WEIGHTS}")


def _shipped() -> Path:
    for file in layout.SHIPPED:
        if file.is_file():
            return file
    raise UserError(
        "this copy of the package comes without a trained model: train one (make quickstart, or python -m "
        f"cvae_lightning.train +experiment=quickstart) or give run=, a run folder, a checkpoint or a {WEIGHTS}"
    )


def run_dir_of(checkpoint: Path) -> Path | None:
    """The folder that tells how a model was trained: its run's, or where it was exported to; None if there is none."""
    if checkpoint.parent.name == CHECKPOINTS:
        return checkpoint.parent.parent
    return checkpoint.parent if checkpoint.name == WEIGHTS else None


def read_table(path: str | Path) -> list[dict[str, str]]:
    """The rows of a ``metrics.csv``; an empty text where a row has no value."""
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def final_metrics(folder: Path) -> dict[str, float]:
    """The metrics that a finished run ended with."""
    metrics: dict[str, float] = json.loads((folder / METRICS).read_text())["metrics"]
    return metrics


def last_metrics(folder: Path) -> dict[str, float]:
    """The last value of every training and validation metric in a run's table; empty without a table."""
    rows = read_table(folder / TABLE) if (folder / TABLE).exists() else []
    values = {name: value for row in rows for name, value in row.items() if value}
    return {name: float(values[name]) for name in sorted(values) if name.startswith(("train/", "val/"))}


def has_same_config(file: Path, config: Mapping[str, Any]) -> bool:
    saved = yaml.safe_load(file.read_text())
    return bool(saved == yaml.safe_load(yaml.safe_dump(_comparable(config))))


def _comparable(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in RUNTIME_KEYS}
