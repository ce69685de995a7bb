"""Search for good settings: an Optuna study whose trials are Hydra jobs, and which can be stopped and resumed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from hydra.conf import HydraConf
from hydra.types import RunMode

from cvae_lightning.errors import UserError

if TYPE_CHECKING:
    from cvae_lightning.sweeps.optuna.trial import RunningTrial


def require() -> None:
    """Raise where Optuna, which is optional, is not installed.

    Raises:
        UserError: what to install.
    """
    if find_spec("optuna") is None:
        raise UserError("hydra/sweeper=optuna needs Optuna: pip install -e '.[search]'")


def trial_of(hydra: HydraConf) -> RunningTrial | None:
    """The trial of a study that a job is, or None; Optuna is imported only where there is a study."""
    if hydra.mode is not RunMode.MULTIRUN or "study" not in hydra.sweeper:
        return None
    from cvae_lightning.sweeps.optuna.trial import RunningTrial

    return RunningTrial.of(hydra)
