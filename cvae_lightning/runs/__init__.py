"""Run folders: file names, what was saved, how a run is found, resumed and repeated."""

from cvae_lightning.runs.atomic import rotate, write_atomic, write_versioned
from cvae_lightning.runs.folder import (
    RUNTIME_KEYS,
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
    REPORT,
    RESULTS,
    STUDY,
    TABLE,
    TRIAL,
    WEIGHTS,
)
from cvae_lightning.runs.overrides import override_key, override_value, resumed_arguments
from cvae_lightning.runs.provenance import environment, shell_command
from cvae_lightning.runs.resume import newest_unfinished, resumable

__all__ = [
    "BEST",
    "CARD",
    "CHECKPOINTS",
    "CONFIG",
    "ENVIRONMENT",
    "FAILURE",
    "LAST",
    "METRICS",
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
    "read_table",
    "resumable",
    "resumed_arguments",
    "rotate",
    "run_dir_of",
    "shell_command",
    "write_atomic",
    "write_versioned",
]
