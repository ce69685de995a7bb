"""What a run folder says about its run, read once, for a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.reports.evaluation_files import read_evaluation
from cvae_lightning.runs import (
    CONFIG,
    ENVIRONMENT,
    FAILURE,
    METRICS,
    OVERRIDES,
    RESULTS,
    TABLE,
    last_metrics,
    read_mapping,
    read_plain,
    read_table,
)
from cvae_lightning.runs.layout import HYDRA_OVERRIDES
from cvae_lightning.runs.plain import check_size

LOG = "train.log"
MOST_BYTES = 100_000_000
"""Of a log."""
EVALUATION = "evaluation"
"""The folder within a published run that holds its evaluation."""
SCORES = ("val/consistency/all", "val/retrieval", "val/loss_at_beta")
"""What a run is summed up by: the first that it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """The records of a run; those that do not exist are empty.

    Attributes:
        folder: the run's.
        config: resolved, by dotted key.
        arguments: that it was started with.
        environment: command, code, packages and machine.
        summary: ``metrics.json``; empty while the run has not ended.
        metrics: the last value of every metric.
        table: the rows of ``metrics.csv``.
        warnings: lines of the log that are warnings or errors; None without a log.
        failure: why it failed, where it did.
        evaluation: the content of ``evaluation.json``.
    """

    folder: Path
    config: Mapping[str, Any]
    arguments: Sequence[str]
    environment: Mapping[str, Any]
    summary: Mapping[str, Any]
    metrics: Mapping[str, float]
    table: Sequence[dict[str, str]]
    warnings: Sequence[str] | None
    failure: str
    evaluation: Mapping[str, Any]

    @property
    def state(self) -> str:
        """Whether the run has ended, in words."""
        if self.failure:
            return f"It failed: {self.failure}"
        return "It ran to its end." if self.summary else "It has not ended."

    @property
    def sentence(self) -> str:
        """Its state and its score."""
        scores = [f"{name} {self.metrics[name]:.4g}" for name in SCORES if name in self.metrics]
        return f"{self.state} {scores[0] if scores else 'No validation'}"


def read_run(folder: Path, evaluation: Path | None = None) -> RunRecord:
    """Read a run folder.

    Args:
        folder: the run's.
        evaluation: an evaluation of it; None for the one within the folder, if there is one.

    Raises:
        UserError: it is not a run folder, or a record is damaged.
    """
    if not (folder / CONFIG).is_file():
        siblings = [path.name for path in folder.parent.iterdir()] if folder.parent.is_dir() else []
        found = (
            f"the folder has no {CONFIG}" if folder.is_dir() else f"no such folder{nearest_hint(folder.name, siblings)}"
        )
        raise UserError(f"run={folder}: {found}; expected a folder that train has written")
    if evaluation is None and (folder / EVALUATION / RESULTS).is_file():
        evaluation = folder / EVALUATION
    return RunRecord(
        folder=folder,
        config=dict(_leaves(read_mapping(folder / CONFIG))),
        arguments=_arguments(folder),
        environment=read_mapping(
            folder / ENVIRONMENT, {"command": str, "git": dict, "packages": dict, "machine": dict}
        ),
        summary=read_mapping(folder / METRICS, {"metrics": dict}),
        metrics=last_metrics(folder),
        table=read_table(folder / TABLE) if (folder / TABLE).exists() else [],
        warnings=_warnings(folder / LOG),
        failure=str(read_mapping(folder / FAILURE).get("error", "")),
        evaluation=read_evaluation(evaluation) if evaluation else {},
    )


def _leaves(node: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in node.items():
        name = f"{prefix}{key}"
        found += _leaves(value, f"{name}.") if isinstance(value, dict) and value else [(name, value)]
    return found


def _arguments(folder: Path) -> list[str]:
    file = next((file for name in (OVERRIDES, HYDRA_OVERRIDES) if (file := folder / name).exists()), None)
    content = read_plain(file) if file else []
    return [str(argument) for argument in content] if isinstance(content, list) else []


def _warnings(log: Path) -> list[str] | None:
    """Lines such as ``12:00:00 WARNING posterior collapse: ...``, without those that repeat."""
    if not log.is_file():
        return None
    check_size(log, MOST_BYTES)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return list(
        dict.fromkeys(line for line in lines if any(f" {level} " in line[:40] for level in ("WARNING", "ERROR")))
    )
