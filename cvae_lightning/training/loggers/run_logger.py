"""What a run asks of its loggers beyond what Lightning asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class RunLogger(Protocol):
    """A Lightning logger that is built with ``save_dir`` and ``resume_step``, and that records a run's settings.

    Any other Lightning logger may stand in the config too; it is built with ``save_dir`` alone and gets metrics only.
    """

    def declare(self, settings: Mapping[str, Any], metrics: Collection[str], swept: Collection[str] = ()) -> None:
        """Record what the run is.

        Args:
            settings: the settings that describe the run, by dotted key.
            metrics: the names of the scalars by which runs are compared.
            swept: the keys that a sweep varies.
        """
        ...


def run_name(folder: str | Path) -> str:
    """A run's name among others: the last two parts of its folder, so that a sweep's job names its sweep."""
    return "/".join(Path(folder).resolve().parts[-2:])
