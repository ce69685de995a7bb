"""Hydra's ``key=value`` arguments: read, compared, and those of a saved run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from cvae_lightning.runs.resume import resumable


def resumed_arguments(arguments: list[str], folder: Path) -> list[str]:
    """Hydra arguments of the run in ``folder``, changed by ``arguments`` and told to go on there.

    Raises:
        UserError: the folder is no run that can go on.
    """
    resumable(folder)
    saved = yaml.safe_load((folder / ".hydra" / "overrides.yaml").read_text()) or []
    given = [one for one in arguments if override_key(one) not in ("resume", "hydra.run.dir")]
    keys = {override_key(one) for one in [*given, "resume", "hydra.run.dir"]}
    kept = [one for one in saved if override_key(one) not in keys]
    return [*kept, *given, f"resume='{folder}'", f"hydra.run.dir='{folder}'"]


def override_value(arguments: Iterable[str], key: str) -> str | None:
    """The value that the last ``key=value`` argument gives, without quotes; None if there is none."""
    values = [one.partition("=")[2] for one in arguments if override_key(one) == key]
    return values[-1].strip("'\"") if values else None


def override_key(argument: str) -> str:
    """The key of a ``key=value`` argument, without Hydra's signs for adding and deleting."""
    return argument.partition("=")[0].lstrip("+~")
