"""Run folders: claimed by one run, found again, and read."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.runs import layout
from cvae_lightning.runs.atomic import rotate, write_versioned
from cvae_lightning.runs.layout import (
    BEST,
    CHECKPOINTS,
    CONFIG,
    ENVIRONMENT,
    LAST,
    METRICS,
    OVERRIDES,
    TABLE,
    WEIGHTS,
)
from cvae_lightning.runs.overrides import RUNTIME_KEYS, overrides_text
from cvae_lightning.runs.plain import check_size, read_mapping
from cvae_lightning.runs.provenance import environment

MOST_BYTES = 1_000_000_000
"""Of a table: about ten million rows."""


def claim(
    folder: Path,
    config: Mapping[str, Any],
    overrides: Sequence[str] | None = None,
    *,
    resumed: bool,
    command: str | None = None,
) -> None:
    """Make the folder this run's: write its arguments, its resolved config and what it ran on.

    A resumed run keeps what an earlier command wrote, where it differs, under numbered names.

    Args:
        folder: the run folder.
        config: the resolved config.
        overrides: Hydra's task overrides, from which ``resume=`` starts; None writes none.
        resumed: whether the folder may hold this run already.
        command: what starts this run alone; None takes the command line of this process.

    Raises:
        UserError: the folder holds another run.

    Example:
        >>> claim(Path("claimed"), {"seed": 0}, ["seed=0"], resumed=False)
        >>> sorted(path.name for path in Path("claimed").iterdir())
        ['config.yaml', 'environment.json', 'overrides.yaml']
    """
    if not resumed:
        check_unclaimed(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if is_finished(folder):
        rotate(folder / METRICS)
    if overrides is not None:
        write_versioned(folder / OVERRIDES, overrides_text(overrides))
    write_versioned(folder / CONFIG, yaml.safe_dump(_comparable(config), sort_keys=False))
    write_versioned(folder / ENVIRONMENT, json.dumps(environment(command), indent=1) + "\n")


def check_unclaimed(folder: Path) -> None:
    """Raise where a folder holds a run.

    Raises:
        UserError: it does.

    Example:
        >>> check_unclaimed(Path("no_such_folder"))
    """
    if (folder / CONFIG).exists():
        raise UserError(
            f"{folder} already holds a run: resume it with resume={folder}, or choose another folder with hydra.run.dir"
        )


def is_same_run(folder: Path, config: Mapping[str, Any]) -> bool:
    """Whether a sweep that was stopped and is started again finds this very run in its job's folder.

    Raises:
        UserError: the folder holds another run.

    Example:
        >>> is_same_run(Path("no_such_folder"), {"seed": 0})
        False
    """
    if not (folder / CONFIG).exists():
        return False
    if not has_same_config(folder / CONFIG, config):
        raise UserError(f"{folder} already holds a run with other settings; choose another folder with hydra.sweep.dir")
    return True


def is_finished(folder: Path) -> bool:
    """Whether the run in a folder ran to its end.

    Example:
        >>> is_finished(Path("no_such_folder"))
        False
    """
    return (folder / METRICS).exists()


def find_checkpoint(path: str | Path | None, key: str = "run") -> Path:
    """The file of the trained model that is meant: the path itself, a run folder's best checkpoint, else its last,
    or a folder's exported weights; without a path, the model that comes with the package.

    Args:
        path: see above.
        key: what names the path, for the message.

    Raises:
        UserError: there is none.

    Example:
        >>> find_checkpoint(None).name  # the model that comes with the package
        'model.safetensors'
    """
    if path is None:
        return _shipped()
    path = Path(path)
    for file in (path, path / BEST, path / LAST, path / WEIGHTS):
        if file.is_file():
            return file
    if not path.exists():
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise UserError(f"{key}={path}: no such file or folder{nearest_hint(path.name, siblings)}")
    raise UserError(
        f"{key}={path}: the folder is not a run folder or an export: it has no {BEST}, {LAST.name} or {WEIGHTS}"
    )


def _shipped() -> Path:
    for file in layout.SHIPPED:
        if file.is_file():
            return file
    raise UserError(
        "this copy of the package comes without a trained model: train one (make quickstart, or python -m "
        f"cvae_lightning.train +experiment=quickstart) or give run=, a run folder, a checkpoint or a {WEIGHTS}"
    )


def run_dir_of(checkpoint: Path) -> Path | None:
    """The folder with the records of a model's training: its run's, or its export's; None if there is neither.

    Example:
        >>> run_dir_of(Path("outputs/run/checkpoints/best.ckpt")).as_posix()
        'outputs/run'
    """
    if checkpoint.parent.name == CHECKPOINTS:
        return checkpoint.parent.parent
    return checkpoint.parent if checkpoint.name == WEIGHTS else None


def kept_captions(checkpoint: Path) -> Path | None:
    """Where it is kept which captions a model was trained on; None without a folder of its training.

    Example:
        >>> kept_captions(Path("outputs/run/checkpoints/best.ckpt")).as_posix()
        'outputs/run/training_captions.bin'
    """
    folder = run_dir_of(checkpoint)
    return folder / layout.TRAINING_CAPTIONS if folder else None


def read_table(path: str | Path) -> list[dict[str, str]]:
    """The rows of a ``metrics.csv``; an empty text where a row has no value.

    Raises:
        UserError: the file is not a table of numbers by step.

    Example:
        >>> _ = Path("table.csv").write_text("step,train/loss\\n1,0.5\\n")
        >>> read_table("table.csv")
        [{'step': '1', 'train/loss': '0.5'}]
    """
    check_size(Path(path), MOST_BYTES)
    try:
        with Path(path).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for number, row in enumerate(rows, 2):
            _check_row(row, number)
    except (UnicodeDecodeError, csv.Error, ValueError, TypeError, KeyError) as error:
        reason = "it has no column 'step'" if isinstance(error, KeyError) else str(error)
        raise UserError(f"{path} cannot be read as a table of numbers by step: {reason}") from error
    return rows


def _check_row(row: Mapping[str, Any], number: int) -> None:
    int(row["step"])
    if None in row:
        raise ValueError(f"line {number} has more values than there are columns")
    for value in row.values():
        float(value or "nan")


def final_metrics(folder: Path) -> dict[str, float]:
    """The metrics that a finished run ended with.

    Raises:
        UserError: ``metrics.json`` is damaged.

    Example:
        >>> Path("finished").mkdir()
        >>> _ = Path("finished", "metrics.json").write_text('{"metrics": {"val/loss": 0.5}}')
        >>> final_metrics(Path("finished"))
        {'val/loss': 0.5}
    """
    metrics = read_mapping(folder / METRICS).get("metrics")
    if not isinstance(metrics, dict) or not all(isinstance(value, int | float) for value in metrics.values()):
        raise UserError(f"{folder / METRICS} cannot be read: expected numbers by name under 'metrics'")
    return metrics


def last_metrics(folder: Path) -> dict[str, float]:
    """The last value of every training and validation metric in a run's table; empty without a table.

    Example:
        >>> Path("running").mkdir()
        >>> _ = Path("running", "metrics.csv").write_text("step,val/loss\\n1,0.9\\n2,0.5\\n")
        >>> last_metrics(Path("running"))
        {'val/loss': 0.5}
    """
    rows = read_table(folder / TABLE) if (folder / TABLE).exists() else []
    values = {name: value for row in rows for name, value in row.items() if value}
    return {name: float(values[name]) for name in sorted(values) if name.startswith(("train/", "val/"))}


def has_same_config(file: Path, config: Mapping[str, Any]) -> bool:
    """Whether a ``config.yaml`` holds this config, apart from how the command runs.

    Raises:
        UserError: the file is damaged.
    """
    return read_mapping(file) == yaml.safe_load(yaml.safe_dump(_comparable(config)))


def _comparable(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in RUNTIME_KEYS}
