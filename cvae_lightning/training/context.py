"""The surroundings of a run: its folder, and the sweep or search that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hydra.conf import HydraConf
from hydra.types import RunMode
from omegaconf import OmegaConf

from cvae_lightning.runs import override_key, shell_command
from cvae_lightning.runs.layout import MULTIRUN
from cvae_lightning.sweeps import optuna
from cvae_lightning.training.callbacks.pruning import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """What a run must know besides its config.

    Attributes:
        folder: the run folder.
        is_sweep_job: whether a sweep started the run; it then resumes or skips what it finds in the folder.
        swept: the config keys that the sweep varies.
        trial: the search's trial that the run reports to, or None.
        overrides: the ``key=value`` arguments from which ``resume=`` starts; None where there are none to keep.
        command: what starts this run alone; None takes the command line of this process.
    """

    folder: Path
    is_sweep_job: bool = False
    swept: frozenset[str] = frozenset()
    trial: Trial | None = None
    overrides: tuple[str, ...] | None = None
    command: str | None = None


def hydra_context(hydra: HydraConf) -> RunContext:
    """The context of a run that Hydra started."""
    is_job = hydra.mode is RunMode.MULTIRUN
    return RunContext(
        folder=Path(hydra.runtime.output_dir),
        is_sweep_job=is_job,
        swept=_swept_keys(hydra) if is_job else frozenset(),
        trial=optuna.trial_of(hydra),
        overrides=tuple(hydra.overrides.task),
        # A sweep's job may run in a launcher's process, and the command there is the whole sweep's.
        command=shell_command(hydra.overrides.task) if is_job else None,
    )


def _swept_keys(hydra: HydraConf) -> frozenset[str]:
    """The keys of the job's arguments that are not, as they are, among the sweep's own.

    The sweep's arguments are read from its ``multirun.yaml``: a launcher may run jobs in processes of its own, whose
    ``sys.argv`` has none of them.
    """
    file = Path(hydra.sweep.dir) / MULTIRUN
    if not file.is_file():
        return frozenset()
    common = OmegaConf.select(OmegaConf.load(file), "hydra.overrides.task", default=[])
    return frozenset(override_key(argument) for argument in hydra.overrides.task if argument not in common)
