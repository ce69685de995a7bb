"""Run folders: file names, what a run saves, how it is found, resumed and repeated."""

from cvae_lightning.runs.atomic import rotate, write_atomic, write_versioned
from cvae_lightning.runs.folder import (
    claim,
    final_metrics,
    find_checkpoint,
    is_finished,
    is_same_run,
    last_metrics,
    read_table,
    run_dir_of,
)
from cvae_lightning.runs.layout import (
    BEST,
    CARD,
    CHECKPOINTS,
    CONFIG,
    ENVIRONMENT,
    FAILURE,
    LAST,
    METRICS,
    OVERRIDES,
    REPORT,
    RESULTS,
    STUDY,
    TABLE,
    TRIAL,
    WEIGHTS,
)
from cvae_lightning.runs.overrides import RUNTIME_KEYS, override_key, override_value, saved_overrides
from cvae_lightning.runs.plain import read_mapping, read_plain
from cvae_lightning.runs.provenance import environment, shell_command
from cvae_lightning.runs.resume import newest_unfinished, resumable, resumed_arguments

__all__ = [
    "BEST",
    "CARD",
    "CHECKPOINTS",
    "CONFIG",
    "ENVIRONMENT",
    "FAILURE",
    "LAST",
    "METRICS",
    "OVERRIDES",
    "REPORT",
    "RESULTS",
    "RUNTIME_KEYS",
    "STUDY",
    "TABLE",
    "TRIAL",
    "WEIGHTS",
    "claim",
    "environment",
    "final_metrics",
    "find_checkpoint",
    "is_finished",
    "is_same_run",
    "last_metrics",
    "newest_unfinished",
    "override_key",
    "override_value",
    "read_mapping",
    "read_plain",
    "read_table",
    "resumable",
    "resumed_arguments",
    "rotate",
    "run_dir_of",
    "saved_overrides",
    "shell_command",
    "write_atomic",
    "write_versioned",
]
