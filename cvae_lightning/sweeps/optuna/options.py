"""The options of a search, checked, and Optuna's samplers and pruners built from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from hydra.utils import get_class, instantiate
from omegaconf import DictConfig
from optuna.pruners import BasePruner, NopPruner
from optuna.samplers import BaseSampler, GridSampler

from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.sweeps.optuna.space import Space

DIRECTIONS = ("minimize", "maximize")


class StudyObjective(NamedTuple):
    """A metric to minimise or maximise."""

    direction: str
    metric: str


class Options(NamedTuple):
    """``hydra.sweeper`` of a search, checked; its attributes are explained in ``conf/hydra/sweeper/optuna.yaml``."""

    study: str
    storage: str | None
    objectives: tuple[StudyObjective, ...]
    n_trials: int
    n_jobs: int
    seed: int
    sampler: DictConfig
    pruner: DictConfig | None

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Options:
        """The options of a ``hydra.sweeper`` config.

        Raises:
            UserError: an option has an impossible value.
        """
        for name, least in (("n_trials", 1), ("n_jobs", 1), ("seed", 0)):
            if not isinstance(config[name], int) or config[name] < least:
                raise UserError(f"hydra.sweeper.{name}={config[name]}: expected a whole number of {least} or more")
        objectives = tuple(_objective(str(text)) for text in config["objectives"])
        if not objectives:
            raise UserError("hydra.sweeper.objectives is empty: expected such as ['maximize val/consistency/all']")
        if len(objectives) > 1 and config["pruner"] is not None:
            raise UserError(
                "hydra/sweeper/pruner: Optuna prunes studies of one objective only; "
                f"with {len(objectives)} use hydra/sweeper/pruner=none"
            )
        rest = {name: config[name] for name in ("study", "storage", "n_trials", "n_jobs", "seed", "sampler", "pruner")}
        return cls(objectives=objectives, **rest)


class Grid(GridSampler):
    """Optuna's grid in the order of trials' numbers; the study's total ends it, since nothing runs Optuna's loop."""

    def after_trial(self, *args: Any, **kwargs: Any) -> None:
        pass


def build_sampler(options: Options, space: Space, number: int) -> BaseSampler:
    """The sampler of one trial: its randomness is a function of (seed, number), so a study that was
    stopped continues as if it had not been, and draws nothing twice.

    Raises:
        UserError: an option that the sampler does not have, or a grid over an interval.
    """
    if issubclass(get_class(options.sampler["_target_"]), GridSampler):
        return Grid(space.grid(), seed=options.seed)
    seed = int(np.random.SeedSequence([options.seed, number]).generate_state(1)[0])
    return instantiate(options.sampler, seed=seed)


def build_pruner(options: Options) -> BasePruner:
    """The pruner; without one, every trial finishes."""
    return NopPruner() if options.pruner is None else instantiate(options.pruner)


def trial_count(options: Options, space: Space) -> int:
    """How many trials the finished study has; a grid has no more than its combinations."""
    if not issubclass(get_class(options.sampler["_target_"]), GridSampler):
        return options.n_trials
    return min(options.n_trials, int(np.prod([len(values) for values in space.grid().values()])))


def _objective(words: str) -> StudyObjective:
    direction, _, metric = words.strip().partition(" ")
    if direction not in DIRECTIONS or not metric.strip():
        raise UserError(
            f"hydra.sweeper.objectives: {words!r}: expected 'minimize METRIC' or 'maximize METRIC'"
            f"{nearest_hint(direction, DIRECTIONS)}"
        )
    return StudyObjective(direction, metric.strip())
