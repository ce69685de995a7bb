"""Search for good settings: an Optuna study whose trials are Hydra jobs, and which survives any stop."""

from __future__ import annotations

from importlib.util import find_spec

from cvae_lightning.errors import UserError


def require() -> None:
    """Raise where Optuna, which is optional, is not installed.

    Raises:
        UserError: what to install.
    """
    if find_spec("optuna") is None:
        raise UserError("hydra/sweeper=optuna needs Optuna: pip install 'cvae-lightning[search]'")
