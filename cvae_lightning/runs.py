"""Run folders: what a run leaves behind to be repeated, resumed and found again."""

from __future__ import annotations

import csv
import importlib.metadata
import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from cvae_lightning.errors import UserError, nearest

CONFIG, ENVIRONMENT, METRICS, TABLE = "config.yaml", "environment.json", "metrics.json", "metrics.csv"
CHECKPOINTS = "checkpoints"
BEST, LAST = Path(CHECKPOINTS) / "best.ckpt", Path(CHECKPOINTS) / "last.ckpt"
WEIGHTS = "model.safetensors"
PACKAGE = Path(__file__).parent
SHIPPED = [PACKAGE / "weights" / "flagship" / WEIGHTS, PACKAGE.parent / "experiments" / "flagship" / WEIGHTS]
"""Where the package's own trained model is: inside an installed package, beside it in a checkout."""
PACKAGES = ("torch", "torchvision", "pytorch-lightning", "hydra-core", "omegaconf", "numpy", "tensorboard")
NOT_THE_RUN = ("resume",)
"""Keys that say how a command goes about a run, not what the run is."""


def claim(folder: Path, config: Mapping[str, Any], resumed: bool) -> None:
    """Make the folder this run's: write its resolved config and what it ran on.

    Raises:
        UserError: another run lives there already.
    """
    if not resumed and (folder / CONFIG).exists():
        raise UserError(f"{folder} already holds a run; resume it with resume={folder} or choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    if is_finished(folder):
        set_aside(folder / METRICS)
    write_anew(folder / CONFIG, yaml.safe_dump(_comparable(config), sort_keys=False))
    write_anew(folder / ENVIRONMENT, json.dumps(environment(), indent=1) + "\n")


def left_off(folder: Path, config: Mapping[str, Any]) -> bool:
    """Whether a sweep that was stopped and is started again finds this very run in its job's folder.

    Raises:
        UserError: another run lives there.
    """
    if not (folder / CONFIG).exists():
        return False
    if not _same(folder / CONFIG, config):
        raise UserError(f"{folder} already holds a run with other settings; choose another folder with hydra.sweep.dir")
    return True


def environment() -> dict[str, Any]:
    """The command, git state, package versions and machine of this process, as plain data."""
    return {
        "command": shlex.join(["python", "-m", _module_name(), *sys.argv[1:]]),
        "git": {"commit": _git("rev-parse", "HEAD"), "changes": _git("status", "--porcelain")},
        "python": platform.python_version(),
        "packages": dict(_versions()),
        "machine": {"system": platform.platform(), "processor": _processor(), "cores": os.cpu_count()},
    }


def shell_command(arguments: Iterable[str]) -> str:
    """The command that trains with these arguments, quoted for a shell."""
    return shlex.join(["python", "-m", f"{__package__}.train", *arguments])


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
        raise UserError(f"run={path}: no such file or folder{nearest(path.name, siblings)}")
    raise UserError(f"run={path}: the folder is no run, for it has no {BEST} or {LAST.name}, and no {WEIGHTS}")


def _shipped() -> Path:
    for file in SHIPPED:
        if file.is_file():
            return file
    raise UserError(
        "this copy of the package comes without a trained model: train one (make quickstart, or python -m "
        f"cvae_lightning.train +experiment=quickstart) or give run=, a run folder, a checkpoint or a {WEIGHTS}"
    )


def home(checkpoint: Path) -> Path | None:
    """The folder that tells how a model was trained: its run's, or where it was exported to; None if there is none."""
    if checkpoint.parent.name == CHECKPOINTS:
        return checkpoint.parent.parent
    return checkpoint.parent if checkpoint.name == WEIGHTS else None


def resumable(folder: Path) -> Path:
    """The checkpoint that a run folder goes on from.

    Raises:
        UserError: the folder is no run, or was stopped before its first checkpoint.
    """
    if not folder.is_dir():
        siblings = [p.name for p in folder.parent.iterdir()] if folder.parent.is_dir() else []
        raise UserError(f"resume={folder}: no such folder{nearest(folder.name, siblings)}")
    if not (folder / CONFIG).exists():
        raise UserError(f"resume={folder}: the folder is no run, for it has no {CONFIG}")
    if not (folder / LAST).exists():
        raise UserError(f"resume={folder}: the run stopped before its first checkpoint; start it anew")
    return folder / LAST


def newest_unfinished(root: Path, config: Mapping[str, Any]) -> Path | None:
    """The newest run folder below ``root`` that has this config, a checkpoint and no end."""
    found = [
        file.parent
        for file in root.rglob(CONFIG)
        if (file.parent / LAST).exists() and not is_finished(file.parent) and _same(file, config)
    ]
    return max(found, key=lambda folder: (folder / LAST).stat().st_mtime, default=None)


def resumed_arguments(arguments: list[str], folder: Path) -> list[str]:
    """Hydra arguments of the run in ``folder``, changed by ``arguments`` and told to go on there.

    Raises:
        UserError: the folder is no run that can go on.
    """
    resumable(folder)
    saved = yaml.safe_load((folder / ".hydra" / "overrides.yaml").read_text()) or []
    given = [one for one in arguments if override_key(one) not in ("resume", "hydra.run.dir")]
    keys = {override_key(one) for one in [*given, "resume", "hydra.run.dir"]}
    kept = [one for one in saved if override_key(one) not in keys]
    return [*kept, *given, f"resume='{folder}'", f"hydra.run.dir='{folder}'"]


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


def override_value(arguments: Iterable[str], key: str) -> str | None:
    """The value that the last ``key=value`` argument gives, without quotes; None if there is none."""
    values = [one.partition("=")[2] for one in arguments if override_key(one) == key]
    return values[-1].strip("'\"") if values else None


def override_key(argument: str) -> str:
    """The key of a ``key=value`` argument, without Hydra's signs for adding and deleting."""
    return argument.partition("=")[0].lstrip("+~")


def _same(file: Path, config: Mapping[str, Any]) -> bool:
    saved = yaml.safe_load(file.read_text())
    return bool(saved == yaml.safe_load(yaml.safe_dump(_comparable(config))))


def _comparable(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in NOT_THE_RUN}


def write_anew(path: Path, text: str) -> None:
    """Write a file, keeping an earlier different one under a numbered name."""
    if path.exists() and path.read_text() != text:
        set_aside(path)
    write_whole(path, text)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that whoever looks finds all of it or none, whenever the writer dies."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text)
    os.replace(part, path)


def set_aside(path: Path) -> None:
    """Rename a file to the first free numbered name beside it."""
    path.rename(next(p for n in count(1) if not (p := path.with_stem(f"{path.stem}.{n}")).exists()))


def _module_name() -> str:
    return f"{__package__}.{Path(sys.argv[0]).stem}"


def _git(*arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(Path(__file__).parent), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def _versions() -> Iterator[tuple[str, str]]:
    for package in ("cvae-lightning", *PACKAGES):
        try:
            yield package, importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
