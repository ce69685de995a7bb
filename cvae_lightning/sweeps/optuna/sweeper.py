"""Trials of a study as Hydra jobs: claim a trial, launch it, record how it ended."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig, OmegaConf
from optuna.trial import FrozenTrial, TrialState

from cvae_lightning.errors import UserError
from cvae_lightning.runs import FAILURE, METRICS, read_mapping, write_atomic
from cvae_lightning.runs.layout import MULTIRUN
from cvae_lightning.runs.provenance import user_command
from cvae_lightning.sweeps.failure import read_failure
from cvae_lightning.sweeps.optuna.options import Options
from cvae_lightning.sweeps.optuna.space import override_text, read_space
from cvae_lightning.sweeps.optuna.study import PRUNED_AT, Claim, Outcome, SharedStudy, best_trials
from cvae_lightning.sweeps.optuna.trial import ObjectiveError, measured

log = logging.getLogger(__name__)
POLL_SECONDS = 1.0


def sweep(config: DictConfig, loader: ConfigLoader, launcher: Launcher, arguments: Sequence[str]) -> list[FrozenTrial]:
    """Work on the study until it has all its trials; returns the best.

    Args:
        config: the config of the sweep, with ``hydra``.
        loader: Hydra's, which ``glob`` sweeps need.
        launcher: runs the jobs.
        arguments: the command line's overrides, swept and fixed.

    Raises:
        UserError: an option is impossible, or differs from the study in the folder.
    """
    options = Options.read(config.hydra.sweeper)
    params = [f"{key}={value}" for key, value in (config.hydra.sweeper.params or {}).items()]
    space = read_space([*params, *arguments], loader)
    study = SharedStudy(Path(config.hydra.sweep.dir).resolve(), options, space, user_command())
    write_atomic(study.folder / MULTIRUN, OmegaConf.to_yaml(config))
    log.info("study %s: %d of %d trials done; %s", options.study, _ended(study), study.trial_count, study.folder)
    while not study.done():
        claims = [claim for _ in range(options.n_jobs) if (claim := study.claim())]
        if claims:
            _launch(study, launcher, claims)
        else:
            time.sleep(POLL_SECONDS)  # other workers have the rest; if one of them dies, its trial is free
    return _conclude(study)


def outcome(folder: Path, options: Options, pruned_at: int | None, returned: JobReturn) -> Outcome:
    """How a trial ended, read from what its job left in its folder.

    Raises:
        ObjectiveError: the run did not measure an objective.
    """
    error = returned._return_value if returned.status is JobStatus.FAILED else None
    if isinstance(error, ObjectiveError):
        raise error
    if error is not None:
        return Outcome(TrialState.FAIL, error=f"{type(error).__name__}: {error}")
    if (folder / FAILURE).exists():
        return Outcome(TrialState.FAIL, error=read_failure(folder).error)
    if pruned_at is not None:
        return Outcome(TrialState.PRUNED, pruned_at=pruned_at)
    if not (folder / METRICS).exists():
        return Outcome(TrialState.FAIL, error=f"the job ended without {METRICS}")
    try:
        numbers = _numbers(folder / METRICS)
    except UserError as damaged:
        return Outcome(TrialState.FAIL, error=str(damaged))
    values = tuple(measured(numbers, objective.metric) for objective in options.objectives)
    if any(math.isnan(value) for value in values):
        return Outcome(TrialState.FAIL, error=f"an objective is not a number: {values}")
    return Outcome(TrialState.COMPLETE, values)


def _launch(study: SharedStudy, launcher: Launcher, claims: Sequence[Claim]) -> None:
    jobs = [[*study.space.overrides(claim.params), f"hydra.sweep.subdir='{claim.number}'"] for claim in claims]
    for claim, returned in zip(claims, launcher.launch(jobs, initial_job_idx=claims[0].number), strict=True):
        pruned_at = study.trials()[claim.number].user_attrs.get(PRUNED_AT)
        result = outcome(claim.folder, study.options, pruned_at, returned)
        study.finish(claim, result)
        log.info("trial %d %s: %s", claim.number, result.state.name.lower(), result.values or result.error or "")


def _numbers(file: Path) -> dict[str, float]:
    """Every number of a run's ``metrics.json``: its metrics, and what it took.

    Raises:
        UserError: the file is damaged.
    """
    content = read_mapping(file, {"metrics": dict})
    flat = {**content, **content.get("metrics", {})}
    return {name: float(value) for name, value in flat.items() if isinstance(value, int | float)}


def _conclude(study: SharedStudy) -> list[FrozenTrial]:
    states = [trial.state.name.lower() for trial in study.trials()]
    counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    found = best_trials(study.study, study.options.objectives)
    log.info("study %s is done: %s", study.options.study, counted)
    for trial in found:
        pairs = zip(study.options.objectives, trial.values, strict=True)
        shown = ", ".join(f"{objective.metric} {value:.5g}" for objective, value in pairs)
        log.info("best: trial %d, %s: %s", trial.number, shown, _settings(trial.params))
    return found


def _settings(params: dict[str, Any]) -> str:
    return " ".join(f"{name}={override_text(value)}" for name, value in params.items())


def _ended(study: SharedStudy) -> int:
    return sum(trial.state.is_finished() for trial in study.trials())
