"""Which run a command continues, and from which checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.runs.folder import has_same_config, is_finished
from cvae_lightning.runs.layout import CONFIG, LAST


def resumable(folder: Path) -> Path:
    """The checkpoint that a run folder goes on from.

    Raises:
        UserError: the folder is no run, or was stopped before its first checkpoint.
    """
    if not folder.is_dir():
        siblings = [p.name for p in folder.parent.iterdir()] if folder.parent.is_dir() else []
        raise UserError(f"resume={folder}: no such folder{nearest_hint(folder.name, siblings)}")
    if not (folder / CONFIG).exists():
        raise UserError(f"resume={folder}: the folder is no run, for it has no {CONFIG}")
    if not (folder / LAST).exists():
        raise UserError(f"resume={folder}: the run stopped before its first checkpoint; start it anew")
    return folder / LAST


def newest_unfinished(root: Path, config: Mapping[str, Any]) -> Path | None:
    """The newest run folder below ``root`` that has this config, a checkpoint and no end."""
    found = [
        file.parent
        for file in root.rglob(CONFIG)
        if (file.parent / LAST).exists() and not is_finished(file.parent) and has_same_config(file, config)
    ]
    return max(found, key=lambda folder: (folder / LAST).stat().st_mtime, default=None)
