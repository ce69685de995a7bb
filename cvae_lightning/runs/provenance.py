"""What produced a result: the command, git state, package versions and machine."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "torchvision", "pytorch-lightning", "hydra-core", "omegaconf", "numpy", "tensorboard")


def environment() -> dict[str, Any]:
    """The command, git state, package versions and machine of this process, as plain data."""
    return {
        "command": shlex.join(["python", "-m", _module_name(), *sys.argv[1:]]),
        "git": {"commit": _git("rev-parse", "HEAD"), "changes": _git("status", "--porcelain")},
        "python": platform.python_version(),
        "packages": dict(_versions()),
        "machine": {"system": platform.platform(), "processor": _processor(), "cores": os.cpu_count()},
    }


def shell_command(arguments: Iterable[str]) -> str:
    """The command that trains with these arguments, quoted for a shell."""
    return shlex.join(["python", "-m", "cvae_lightning.train", *arguments])


def _module_name() -> str:
    return f"cvae_lightning.{Path(sys.argv[0]).stem}"


def _git(*arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(Path(__file__).parent), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def _versions() -> Iterator[tuple[str, str]]:
    for package in ("cvae-lightning", *PACKAGES):
        try:
            yield package, importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
