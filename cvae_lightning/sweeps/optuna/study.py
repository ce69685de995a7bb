"""A study that several processes share; each of them may end or be killed at any moment.

A trial is claimed under the study's lock and belongs to the process that holds the lock in the trial's folder. The
operating system frees both locks when their holder dies, so a running trial without a holder is known at once, and the
next worker continues it under the same number and in the same folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import optuna
from filelock import FileLock, Timeout
from optuna.trial import FrozenTrial, TrialState

from cvae_lightning.errors import UserError
from cvae_lightning.runs import STUDY, TRIAL, read_mapping, write_atomic
from cvae_lightning.runs.layout import CLAIM_LOCK, STUDY_LOCK
from cvae_lightning.sweeps.optuna.options import Options, build_pruner, build_sampler, trial_count
from cvae_lightning.sweeps.optuna.space import Space, Value
from cvae_lightning.sweeps.optuna.storage import open_storage

PRUNED_AT = "pruned_at"
"""The name of a trial's attribute for the epoch in which it was pruned."""


class Claim(NamedTuple):
    """A trial that this process owns until it finishes it or dies."""

    number: int
    params: dict[str, Value]
    folder: Path
    lease: FileLock


class Outcome(NamedTuple):
    """How a trial ended.

    Attributes:
        state: complete, pruned or failed.
        values: the objectives' values, in order; None unless complete.
        error: why it failed, or None.
        pruned_at: the epoch after which it was pruned, or None.
    """

    state: TrialState
    values: tuple[float, ...] | None = None
    error: str | None = None
    pruned_at: int | None = None


class SharedStudy:
    """An Optuna study in a folder.

    Args:
        folder: the study's folder; all workers share it.
        options: objectives, sampler, pruner and sizes of the search.
        space: the search space.
        command: the command that continues the study, kept for readers.

    Raises:
        UserError: the folder or the database holds another study.
    """

    def __init__(self, folder: Path, options: Options, space: Space, command: str = "") -> None:
        self.folder, self.options, self.space = folder, options, space
        self.trial_count = trial_count(options, space)
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(folder / STUDY_LOCK)
        with self._lock:
            known = self._write_or_compare(command)
            self.study = _open(folder, options, known)

    def claim(self) -> Claim | None:
        """A trial for this process: a trial whose worker has died, or a new trial; None where there is neither now."""
        with self._lock:
            trials = self.study.get_trials(deepcopy=False)
            for trial in trials:
                if trial.state is TrialState.RUNNING and (claim := self._take(trial.number)):
                    return claim
            if sum(trial.state is not TrialState.WAITING for trial in trials) >= self.trial_count:
                return None
            self.study.sampler = build_sampler(self.options, self.space, len(trials))
            return self._take(self.study.ask().number)

    def finish(self, claim: Claim, outcome: Outcome) -> None:
        """Record how a trial ended, in its folder and then in the study, and release it."""
        record = {
            "number": claim.number,
            "state": outcome.state.name,
            "values": outcome.values,
            "params": claim.params,
            "pruned_at": outcome.pruned_at,
            "error": outcome.error,
        }
        write_atomic(claim.folder / TRIAL, json.dumps(record, indent=1) + "\n")
        self.study.tell(claim.number, outcome.values, outcome.state)
        claim.lease.release()

    def trials(self) -> list[FrozenTrial]:
        """All trials, by number."""
        return self.study.get_trials(deepcopy=False)

    def done(self) -> bool:
        """Whether all trials of the study have ended."""
        return sum(trial.state.is_finished() for trial in self.trials()) >= self.trial_count

    def _take(self, number: int) -> Claim | None:
        folder = self.folder / str(number)
        folder.mkdir(exist_ok=True)
        lease = FileLock(folder / CLAIM_LOCK)
        try:
            lease.acquire(blocking=False)
        except Timeout:
            return None
        trial = self.trials()[number]  # as it is now: its worker may have ended it in the meantime
        if trial.state.is_finished():
            lease.release()
            return None
        return Claim(number, self._params(trial), folder, lease)

    def _params(self, frozen: FrozenTrial) -> dict[str, Value]:
        """The trial's params, drawn where its worker died before that."""
        if set(frozen.params) == set(self.space.distributions):
            return dict(frozen.params)
        self.study.sampler = build_sampler(self.options, self.space, frozen.number)
        trial = optuna.Trial(self.study, frozen._trial_id)  # the only way to a trial that another process began
        return {name: trial._suggest(name, distribution) for name, distribution in self.space.distributions.items()}

    def _write_or_compare(self, command: str) -> bool:
        """Write ``study.json``, or compare with it; whether it was there."""
        settings = {
            "name": self.options.study,
            "directions": [objective.direction for objective in self.options.objectives],
            "metrics": [objective.metric for objective in self.options.objectives],
            "search": self.space.texts,
            "fixed": list(self.space.fixed),
            "storage": self.options.storage,
        }
        file = self.folder / STUDY
        if not file.exists():
            write_atomic(file, json.dumps({**settings, "command": command}, indent=1) + "\n")
            return False
        _compare(self.folder, read_mapping(file), settings)
        return True


def _compare(folder: Path, saved: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    for key, value in settings.items():
        if saved.get(key) != value:
            raise UserError(
                f"{folder} holds a study with other settings: its {key} is {json.dumps(saved.get(key))}, not "
                f"{json.dumps(value)}. Repeat its command ({saved.get('command')}) or name another study with "
                "hydra.sweeper.study=NAME"
            )


def _open(folder: Path, options: Options, known: bool) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = open_storage(folder, options.storage)
    names = {study.study_name for study in storage.get_all_studies()}
    if options.study in names and not known:
        raise UserError(
            f"{options.storage} has a study {options.study!r} already, whose folder is not {folder}: workers share "
            "the folder too (hydra.sweep.dir=FOLDER); name another study with hydra.sweeper.study=NAME"
        )
    return optuna.create_study(
        storage=storage,
        study_name=options.study,
        directions=[objective.direction for objective in options.objectives],
        pruner=build_pruner(options),
        load_if_exists=True,
    )


def best_trials(study: optuna.Study, objectives: Sequence[Any]) -> list[FrozenTrial]:
    """The best trial, or the Pareto front where there are several objectives; empty without a complete trial."""
    complete = [trial for trial in study.get_trials(deepcopy=False) if trial.state is TrialState.COMPLETE]
    if not complete:
        return []
    return [study.best_trial] if len(objectives) == 1 else study.best_trials
