"""A multirun or study folder as frozen records."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cvae_lightning import runs
from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.runs import FAILURE, STUDY, TRIAL
from cvae_lightning.runs.layout import HYDRA_OVERRIDES
from cvae_lightning.sweeps.settings import Value, read_settings, swept_keys

MARKS = (runs.CONFIG, runs.OVERRIDES, FAILURE, TRIAL)
"""The folder that has a file of one of these names, in itself or in its ``.hydra``, is a job."""
STATES = {"complete": "finished", "pruned": "pruned", "fail": "failed"}
"""How a trial ended, in Optuna's words and in this package's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job of a sweep, or one trial of a study.

    Attributes:
        name: its folder, relative to the sweep's.
        folder: the job's folder.
        state: ``finished``, ``pruned``, ``failed`` or ``unfinished``.
        settings: the value of each swept key.
        seed: of the run; None where it is not known.
        beta: final weight of the rate; None where it is not known.
        num_judged: how many samples ``val/consistency`` is a share of; None where it is not known.
        metrics: final numbers by name, and what the run recorded besides, such as ``training_minutes``.
        table: the rows of ``metrics.csv``.
        note: why the job failed, or where it was pruned.
        command: what repeats the job alone, quoted for a shell.
        commit: of the code that ran it.

    Example:
        >>> for number, share in enumerate(["0.5", "0.9"]):
        ...     job = Path("sweep", str(number))
        ...     job.mkdir(parents=True)
        ...     _ = (job / "overrides.yaml").write_text(f"[objective.beta={number + 1}, seed=0]")
        ...     _ = (job / "metrics.json").write_text('{"metrics": {"val/consistency/all": %s}}' % share)
        >>> job = read_sweep("sweep").jobs[1]
        >>> job.state, job.settings["objective.beta"], job.metrics
        ('finished', 2, {'val/consistency/all': 0.9})
    """

    name: str
    folder: Path
    state: str
    settings: Mapping[str, Value]
    seed: Value
    beta: Value
    num_judged: int | None
    metrics: Mapping[str, float]
    table: list[dict[str, str]]
    note: str
    command: str
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """All jobs of a folder.

    Attributes:
        name: of the folder or the study.
        keys: the swept keys, in the order of the command line, seeds included.
        jobs: in the order of their names, numbers as numbers.
        directions: ``max`` or ``min`` of each metric that a study searched by.
        command: of the study, or empty.

    Example:
        >>> for number, share in enumerate(["0.5", "0.9"]):
        ...     job = Path("sweep", str(number))
        ...     job.mkdir(parents=True)
        ...     _ = (job / "overrides.yaml").write_text(f"[objective.beta={number + 1}, seed=0]")
        ...     _ = (job / "metrics.json").write_text('{"metrics": {"val/consistency/all": %s}}' % share)
        >>> sweep = read_sweep("sweep")
        >>> sweep.keys, len(sweep.of("finished")), sweep.of("failed")
        (('objective.beta',), 2, ())
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

    Example:
        >>> for number, share in enumerate(["0.5", "0.9"]):
        ...     job = Path("sweep", str(number))
        ...     job.mkdir(parents=True)
        ...     _ = (job / "overrides.yaml").write_text(f"[objective.beta={number + 1}, seed=0]")
        ...     _ = (job / "metrics.json").write_text('{"metrics": {"val/consistency/all": %s}}' % share)
        >>> [(job.name, job.state) for job in read_sweep("sweep").jobs]
        [('0', 'finished'), ('1', 'finished')]
    """
    root = Path(folder)
    folders = _job_folders(root)
    overrides = [_overrides(job) for job in folders]
    configs = [runs.read_mapping(job / runs.CONFIG) for job in folders]
    keys = swept_keys(overrides, configs)
    study = runs.read_mapping(root / STUDY, {"name": str, "metrics": list, "directions": list, "command": str})
    names, directions = study.get("metrics") or [], study.get("directions") or []
    return Sweep(
        name=str(study.get("name") or root.resolve().name),
        keys=keys,
        jobs=tuple(_job(root, *of_job, keys) for of_job in zip(folders, overrides, configs, strict=True)),
        directions={str(name): _last_word(way)[:3] for name, way in zip(names, directions, strict=False)},
        command=str(study.get("command") or ""),
    )


def _job_folders(root: Path) -> list[Path]:
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
    outermost = [folder for folder in found if not found & set(folder.parents)]
    return sorted(outermost, key=lambda path: _natural(str(path.relative_to(root))))


def _job(root: Path, folder: Path, overrides: list[str], config: Mapping[str, Any], keys: tuple[str, ...]) -> Job:
    state, note = _state(folder)
    known = read_settings(overrides, config)
    environment = runs.read_mapping(folder / runs.ENVIRONMENT)
    git = environment.get("git")
    return Job(
        name=folder.relative_to(root).as_posix(),
        folder=folder,
        state=state,
        settings={key: known.get(key) for key in keys},
        seed=known.get("seed"),
        beta=known.get("objective.beta"),
        num_judged=_num_judged(config),
        metrics=_metrics(runs.read_mapping(folder / runs.METRICS)),
        table=runs.read_table(folder / runs.TABLE) if (folder / runs.TABLE).exists() else [],
        note=note,
        command=_command(folder, overrides, known, environment),
        commit=str((git if isinstance(git, dict) else {}).get("commit") or ""),
    )


def _state(folder: Path) -> tuple[str, str]:
    """How a job ended, and why or where."""
    trial, failure = runs.read_mapping(folder / TRIAL), runs.read_mapping(folder / FAILURE)
    ended = STATES.get(_last_word(trial.get("state", "")))
    if ended == "pruned":
        return "pruned", f"pruned at {trial['pruned_at']}" if trial.get("pruned_at") is not None else ""
    if runs.is_finished(folder):
        return "finished", ""
    if failure or ended == "failed":
        return "failed", str(failure.get("error") or trial.get("error") or "no reason was recorded")
    return "unfinished", ""


def _last_word(name: object) -> str:
    """``TrialState.COMPLETE`` as ``complete``."""
    return str(name).lower().rpartition(".")[2]


def _command(folder: Path, overrides: list[str], known: Mapping[str, Value], environment: Mapping[str, Any]) -> str:
    if _has_overrides(folder):
        return runs.shell_command([_resolved(override, known) for override in overrides])
    command = str(environment.get("command") or runs.read_mapping(folder / FAILURE).get("command") or "")
    return "" if {"-m", "--multirun"} & set(command.split()) else command


def _resolved(override: str, known: Mapping[str, Value]) -> str:
    """An override with the value it had, where it refers to Hydra's own, such as the job's number."""
    key, _, value = override.partition("=")
    return f"{key}={known[key.lstrip('+')]}" if "${hydra" in value and key.lstrip("+") in known else override


def _metrics(summary: Mapping[str, Any]) -> dict[str, float]:
    metrics = summary.get("metrics")
    numbers = {**(metrics if isinstance(metrics, dict) else {}), **summary}
    plain = {name: value for name, value in numbers.items() if isinstance(value, int | float)}
    return {name: float(value) for name, value in plain.items() if math.isfinite(value)}


def _num_judged(config: Mapping[str, Any]) -> int | None:
    """How many samples the run judged each time, from the settings of its callback."""
    callbacks = config.get("callbacks")
    settings = callbacks.get("judge_samples") if isinstance(callbacks, dict) else None
    count = settings.get("count") if isinstance(settings, dict) else None
    return count if isinstance(count, int) and count > 0 else None


def _has_overrides(folder: Path) -> bool:
    return any((folder / name).exists() for name in (runs.OVERRIDES, HYDRA_OVERRIDES))


def _overrides(folder: Path) -> list[str]:
    return runs.saved_overrides(folder) if _has_overrides(folder) else []


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts numbers in names as numbers."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
