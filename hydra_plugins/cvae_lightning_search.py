"""The place where Hydra looks for plugins: our sweeper's name, and the functions that our config files call.

Hydra imports this file at every start of every command, so Optuna is imported only when a search begins.
"""

from __future__ import annotations

from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from cvae_lightning.cli import resolvers as resolvers  # registered by being imported


class OptunaSweeper(Sweeper):
    """``hydra/sweeper=optuna``; the options are described in ``conf/hydra/sweeper/optuna.yaml``."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.hydra_context, self.config = hydra_context, config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        from cvae_lightning.sweeps.optuna import require

        require()
        from cvae_lightning.sweeps.optuna.sweeper import sweep

        return sweep(self.config, self.hydra_context.config_loader, self.launcher, arguments)
