"""A multirun or study folder as frozen records."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from cvae_lightning import runs
from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.runs import FAILURE, STUDY, TRIAL
from cvae_lightning.runs.layout import HYDRA_OVERRIDES
from cvae_lightning.sweeps.settings import Value, read_settings, swept_keys

MARKS = (runs.CONFIG, HYDRA_OVERRIDES.name, FAILURE, TRIAL)
"""A file of one of these names makes its folder, or what its ``.hydra`` lies in, a job."""
STATES = {"complete": "finished", "pruned": "pruned", "fail": "failed"}
"""Optuna's words for the end of a trial, and this package's."""


class Job(NamedTuple):
    """One job of a sweep, or one trial of a study.

    Attributes:
        name: its folder, relative to the sweep's.
        folder: where it lives.
        state: ``finished``, ``pruned``, ``failed`` or ``unfinished``.
        settings: the value of each swept key.
        seed: of the run; None where it is not known.
        beta: final weight of the rate; None where it is not known.
        metrics: final numbers by name, and what the run says of itself, such as ``training_minutes``.
        table: the rows of ``metrics.csv``.
        note: why the job failed, or where it was pruned.
        command: what repeats the job alone, quoted for a shell.
        commit: of the code that ran it.
    """

    name: str
    folder: Path
    state: str
    settings: Mapping[str, Value]
    seed: Value
    beta: Value
    metrics: Mapping[str, float]
    table: list[dict[str, str]]
    note: str
    command: str
    commit: str


class Sweep(NamedTuple):
    """All jobs of a folder.

    Attributes:
        name: of the folder or the study.
        keys: the swept keys, in the order of the command line, seeds included.
        jobs: in the order of their names, numbers as numbers.
        directions: ``max`` or ``min`` of each metric that a study searched by.
        command: of the study, or empty.
    """

    name: str
    keys: tuple[str, ...]
    jobs: tuple[Job, ...]
    directions: Mapping[str, str]
    command: str

    def of(self, *states: str) -> tuple[Job, ...]:
        """The jobs in these states."""
        return tuple(job for job in self.jobs if job.state in states)


def read_sweep(folder: str | Path) -> Sweep:
    """Read the folder of a sweep or a study.

    Raises:
        UserError: there is no such folder, it holds no jobs, or a file in it cannot be read.
    """
    root = Path(folder)
    places = _jobs(root)
    overrides = [_overrides(place) for place in places]
    configs = [_load(place / runs.CONFIG) or {} for place in places]
    keys = swept_keys(overrides, configs)
    jobs = zip(places, overrides, configs, strict=True)
    study = _load(root / STUDY) or {}
    names, ways = study.get("metrics") or [], study.get("directions") or []
    return Sweep(
        name=str(study.get("name") or root.resolve().name),
        keys=keys,
        jobs=tuple(_job(root, place, keys, given, config) for place, given, config in jobs),
        directions={name: str(way).lower().rpartition(".")[2][:3] for name, way in zip(names, ways, strict=False)},
        command=str(study.get("command") or ""),
    )


def _jobs(root: Path) -> list[Path]:
    if not root.is_dir():
        siblings = [path.name for path in root.parent.iterdir()] if root.parent.is_dir() else []
        raise UserError(f"sweep={root}: no such folder{nearest_hint(root.name, siblings)}")
    if (root / runs.CONFIG).exists():
        raise UserError(
            f"sweep={root} is one run, and its pictures are in it: expected the folder above a sweep's jobs"
        )
    marked = (path.parent for path in root.rglob("*") if path.name in MARKS)
    found = {path.parent if path.name == HYDRA_OVERRIDES.parent.name else path for path in marked} - {root}
    if not found:
        raise UserError(f"sweep={root} holds no jobs: expected a folder that `train -m` or a search has written")
    # Loggers keep a config.yaml of their own within a job.
    outermost = [place for place in found if not found & set(place.parents)]
    return sorted(outermost, key=lambda path: _natural(str(path.relative_to(root))))


def _job(root: Path, place: Path, keys: tuple[str, ...], overrides: list[str], config: Any) -> Job:
    state, note = _state(place)
    known = read_settings(overrides, config)
    environment = _load(place / runs.ENVIRONMENT) or {}
    return Job(
        name=place.relative_to(root).as_posix(),
        folder=place,
        state=state,
        settings={key: known.get(key) for key in keys},
        seed=known.get("seed"),
        beta=known.get("objective.beta"),
        metrics=_metrics(_load(place / runs.METRICS) or {}),
        table=runs.read_table(place / runs.TABLE) if (place / runs.TABLE).exists() else [],
        note=note,
        command=_command(place, overrides, known, environment),
        commit=str((environment.get("git") or {}).get("commit") or ""),
    )


def _state(place: Path) -> tuple[str, str]:
    """How a job ended, and what is to be said of that."""
    trial, failure = _load(place / TRIAL) or {}, _load(place / FAILURE) or {}
    said = STATES.get(str(trial.get("state", "")).lower().rpartition(".")[2])
    if said == "pruned":
        return "pruned", f"pruned at {trial['pruned_at']}" if trial.get("pruned_at") is not None else ""
    if runs.is_finished(place):
        return "finished", ""
    if failure or said == "failed":
        return "failed", str(failure.get("error") or trial.get("error") or "no reason was recorded")
    return "unfinished", ""


def _command(place: Path, overrides: list[str], known: Mapping[str, Value], environment: Mapping[str, Any]) -> str:
    if (place / HYDRA_OVERRIDES).exists():
        return runs.shell_command([_resolved(one, known) for one in overrides])
    command = str(environment.get("command") or (_load(place / FAILURE) or {}).get("command") or "")
    return "" if {"-m", "--multirun"} & set(command.split()) else command


def _resolved(override: str, known: Mapping[str, Value]) -> str:
    """An override whose value was Hydra's own, such as the job's number, with what it was."""
    key, _, value = override.partition("=")
    return f"{key}={known[key.lstrip('+')]}" if "${hydra" in value and key.lstrip("+") in known else override


def _metrics(summary: Mapping[str, Any]) -> dict[str, float]:
    numbers = {**(summary.get("metrics") or {}), **summary}
    plain = {name: value for name, value in numbers.items() if isinstance(value, int | float)}
    return {name: float(value) for name, value in plain.items() if math.isfinite(value)}


def _overrides(place: Path) -> list[str]:
    kept = (str(one) for one in _load(place / HYDRA_OVERRIDES) or [])
    return [one for one in kept if runs.override_key(one) not in runs.RUNTIME_KEYS]


def _load(path: Path) -> Any:
    """A JSON or YAML file as plain data; None where there is none."""
    try:
        text = path.read_text()
        return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts numbers in names as numbers."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
