"""A trial within its own job: it reports intermediate values and learns whether to stop.

The job may run in another process than the worker that claimed the trial, or on another machine; it finds the study by
Hydra's config and its trial by the name of its folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import optuna
from hydra.conf import HydraConf

from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.sweeps.optuna.options import Options, build_pruner
from cvae_lightning.sweeps.optuna.storage import open_storage
from cvae_lightning.sweeps.optuna.study import PRUNED_AT


class ObjectiveError(UserError):
    """The runs of a study do not measure its objective, which ends the search."""

    ends_sweep = True


class RunningTrial:
    """The trial that a job is.

    Args:
        folder: the trial's folder, named by its number, in the study's.
        options: the study's.
    """

    def __init__(self, folder: Path, options: Options) -> None:
        self.options = options
        self.objectives = options.objectives
        storage = open_storage(folder.parent, options.storage)
        study = optuna.load_study(study_name=options.study, storage=storage, pruner=build_pruner(options))
        frozen = study.get_trials(deepcopy=False)[int(folder.name)]
        self._trial = optuna.Trial(study, frozen._trial_id)
        self._reported = set(frozen.intermediate_values)

    @classmethod
    def of(cls, hydra: HydraConf) -> RunningTrial:
        """The trial that a job of a study is, from the job's Hydra config."""
        return cls(Path(hydra.runtime.output_dir), Options.read(hydra.sweeper))

    @property
    def prunes(self) -> bool:
        """Whether the study prunes trials."""
        return self.options.pruner is not None

    def report(self, epoch: int, metrics: Mapping[str, float]) -> bool:
        """Report an intermediate value to the study; whether the trial should be pruned.

        Args:
            epoch: how many epochs are done.
            metrics: what was measured after them.

        Raises:
            ObjectiveError: the study's metric is not among them.
        """
        for objective in self.objectives:
            if objective.metric.startswith("val/"):
                measured(metrics, objective.metric)
        if len(self.objectives) > 1 or self.objectives[0].metric not in metrics:
            return False  # Optuna takes intermediate values of a single objective only
        if epoch not in self._reported:  # a resumed run repeats some epochs
            self._trial.report(float(metrics[self.objectives[0].metric]), epoch)
            self._reported.add(epoch)
        if not (self.prunes and self._trial.should_prune()):
            return False
        self._trial.set_user_attr(PRUNED_AT, epoch)
        return True


def measured(metrics: Mapping[str, float], name: str) -> float:
    """The metric of this name.

    Raises:
        ObjectiveError: there is none; the nearest is named.
    """
    if name not in metrics:
        raise ObjectiveError(
            f"hydra.sweeper.objectives: the runs do not measure {name!r}{nearest_hint(name, metrics)}; {_some(metrics)}"
        )
    return metrics[name]


def _some(metrics: Iterable[str]) -> str:
    return f"there are {', '.join(sorted(metrics))}"
