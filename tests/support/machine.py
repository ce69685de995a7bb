"""What decides in which order floating point sums are made, as one text."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path

import torch


def machine() -> str:
    """The processor with a digest of what it can do, PyTorch's version and the number of its threads."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    values = {line.partition(":")[0].strip(): line.partition(":")[2].strip() for line in reversed(lines)}
    flags = hashlib.sha256(values.get("flags", "").encode()).hexdigest()[:8]
    processor = values.get("model name", platform.processor())
    capability = torch.backends.cpu.get_cpu_capability()
    return ", ".join(
        (
            f"{platform.machine()} {processor}",
            f"flags {flags}",
            capability,
            f"torch {torch.__version__}",
            f"{torch.get_num_threads()} thread",
        )
    )
