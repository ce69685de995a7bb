"""Which run a command continues, and from which checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.runs.folder import has_same_config, is_finished
from cvae_lightning.runs.layout import CONFIG, LAST
from cvae_lightning.runs.overrides import override_key, renamed_override, saved_overrides


def check_resumable(folder: Path) -> None:
    """Raise where a folder holds no run; one that was stopped before its first checkpoint starts at step 0 again.

    Raises:
        UserError: there is no such folder, or it is not a run folder.

    Example:
        >>> check_resumable(Path("no_such_run"))
        Traceback (most recent call last):
        cvae_lightning.errors.UserError: resume=no_such_run: no such folder...
    """
    if not folder.is_dir():
        siblings = [p.name for p in folder.parent.iterdir()] if folder.parent.is_dir() else []
        raise UserError(f"resume={folder}: no such folder{nearest_hint(folder.name, siblings)}")
    if not (folder / CONFIG).exists():
        raise UserError(f"resume={folder}: the folder is not a run folder: it has no {CONFIG}")


def resumed_arguments(
    arguments: list[str], folder: Path, renamed: Mapping[str, str] = MappingProxyType({})
) -> list[str]:
    """Hydra arguments that continue the run in ``folder``: its own, replaced by ``arguments`` where these differ.

    Args:
        arguments: of the command that resumes the run.
        folder: the run folder.
        renamed: new names of keys, groups and choices by old ones, for a run of an earlier version.

    Raises:
        UserError: the folder is not a run that can be resumed.

    Example:
        >>> Path("stopped").mkdir()
        >>> _ = Path("stopped", "config.yaml").write_text("seed: 1")
        >>> _ = Path("stopped", "overrides.yaml").write_text("[seed=1]")
        >>> resumed_arguments(["trainer.max_epochs=5"], Path("stopped"))[:2]
        ['seed=1', 'trainer.max_epochs=5']
    """
    check_resumable(folder)
    given = [argument for argument in arguments if override_key(argument) not in ("resume", "hydra.run.dir")]
    keys = {override_key(argument) for argument in [*given, "resume", "hydra.run.dir"]}
    saved = [current for override in saved_overrides(folder) for current in renamed_override(override, renamed)]
    kept = [override for override in saved if override_key(override) not in keys]
    return [*kept, *given, f"resume='{folder}'", f"hydra.run.dir='{folder}'"]


def newest_unfinished(root: Path, config: Mapping[str, Any]) -> Path | None:
    """The newest run folder below ``root``, itself included, that has this config and is not finished.

    A folder whose config cannot be read is passed over.

    Example:
        >>> newest_unfinished(Path("outputs"), {"seed": 0}) is None  # no run was started yet
        True
    """
    found = [file.parent for file in root.rglob(CONFIG) if not is_finished(file.parent) and _matches(file, config)]
    return max(found, key=_last_written, default=None)


def _last_written(folder: Path) -> float:
    """When a run's last checkpoint was written, or its config where it was stopped before."""
    file = folder / LAST
    return (file if file.exists() else folder / CONFIG).stat().st_mtime


def _matches(file: Path, config: Mapping[str, Any]) -> bool:
    try:
        return has_same_config(file, config)
    except UserError:
        return False
