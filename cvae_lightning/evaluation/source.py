"""Which model, sampled how, an evaluation's numbers are of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cvae_lightning.inference.sampler import changed_settings


def with_source(results: dict[str, Any], checkpoint: Path, sampler: Mapping[str, Any] | None) -> dict[str, Any]:
    """The results, led by the checkpoint's name and SHA-256; what was not sampled as trained joins the settings."""
    with checkpoint.open("rb") as file:
        source = {"name": checkpoint.name, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    changed = {"sampler": overrides} if (overrides := changed_settings(sampler)) else {}
    return {"checkpoint": source, **results, "settings": {**results["settings"], **changed}}
