"""Whether two run folders hold the same run, to the byte."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

ALLOWED = re.compile(r"(environment|config|overrides|metrics)\.\d+\.\w+|train\.log|\.hydra/.*|tensorboard/.*")
"""What a resumed run may have besides the unbroken run's files: earlier records, logs and curves for people."""
RECORDS = ("environment.json", "config.yaml", "overrides.yaml")
"""Which command made the run, and where."""
CLOCK = ("training_minutes", "images_per_second")
"""Entries of ``metrics.json`` that depend on the clock."""


def differences(run: Path, unbroken: Path) -> list[str]:
    """What differs between a run and the unbroken run of the same settings, a line each."""
    return [*_files(run, unbroken), *_contents(run, unbroken)]


def _files(run: Path, unbroken: Path) -> Iterator[str]:
    mine, wanted = names(run), names(unbroken)
    yield from (f"{name} is missing" for name in sorted(wanted - mine))
    yield from (f"{name} was left" for name in sorted(mine - wanted))


def names(run: Path) -> set[str]:
    """The files of a run that do not depend on how often it was started."""
    every = (path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file())
    return {name for name in every if not ALLOWED.fullmatch(name)}


def _contents(run: Path, unbroken: Path) -> Iterator[str]:
    for name in sorted(names(run) & names(unbroken)):
        mine, wanted = run / name, unbroken / name
        if name.endswith(".ckpt"):
            yield from (f"{name}: {line}" for line in _plain_differences(_state(mine, run), _state(wanted, unbroken)))
        elif name == "metrics.json":
            yield from (f"{name}: {line}" for line in _plain_differences(_summary(mine), _summary(wanted)))
        elif name not in RECORDS and mine.read_bytes() != wanted.read_bytes():
            yield f"{name} differs"


def _summary(path: Path) -> dict[str, Any]:
    return {key: value for key, value in json.loads(path.read_text()).items() if key not in CLOCK}


def _state(path: Path, run: Path) -> dict[str, Any]:
    """A checkpoint without what depends on the clock, its paths relative to the run."""
    content = torch.load(path, weights_only=True)
    content["cvae_lightning"].pop("sha256", None)  # of all of it, the clock and paths included
    content["callbacks"] = {key: state for key, state in content["callbacks"].items() if key != "Throughput"}
    return _relative(content, str(run))


def _relative(value: Any, folder: str) -> Any:
    if isinstance(value, dict):
        return {_relative(key, folder): _relative(one, folder) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_relative(one, folder) for one in value]
    return value.replace(folder, "RUN") if isinstance(value, str) else value


def _plain_differences(mine: Any, wanted: Any, where: str = "") -> Iterator[str]:
    if isinstance(mine, dict) and isinstance(wanted, dict):
        for key in sorted(mine.keys() | wanted.keys(), key=str):
            if key not in mine or key not in wanted:
                yield f"{where}{key} is in one only"
            else:
                yield from _plain_differences(mine[key], wanted[key], f"{where}{key}.")
    elif isinstance(mine, list) and isinstance(wanted, list) and len(mine) == len(wanted):
        for index, pair in enumerate(zip(mine, wanted, strict=True)):
            yield from _plain_differences(*pair, f"{where}{index}.")
    elif isinstance(mine, torch.Tensor) and isinstance(wanted, torch.Tensor):
        if mine.shape != wanted.shape or mine.dtype != wanted.dtype or not _same_bytes(mine, wanted):
            yield f"{where.rstrip('.')}: the tensors differ"
    elif mine != wanted and not (mine != mine and wanted != wanted):
        yield f"{where.rstrip('.')}: {mine!r} instead of {wanted!r}"


def _same_bytes(mine: torch.Tensor, wanted: torch.Tensor) -> bool:
    return mine.contiguous().numpy().tobytes() == wanted.contiguous().numpy().tobytes()
