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
PACKAGE = Path(__file__).parent.parent


def environment(command: str | None = None) -> dict[str, Any]:
    """The command, git state, package versions and machine of this process, as plain data.

    Args:
        command: what started the work; None takes the command line of this process, which is not the user's where
            a launcher (submitit, Ray, joblib) runs the job in a process of its own.

    Example:
        >>> environment("python -m cvae_lightning.train")["command"]
        'python -m cvae_lightning.train'
    """
    return {
        "command": command or user_command(),
        "git": _git_state(),
        "python": platform.python_version(),
        "packages": dict(_versions()),
        "machine": {"system": platform.platform(), "processor": _processor(), "cores": os.cpu_count()},
    }


def shell_command(arguments: Iterable[str], name: str = "train") -> str:
    """A command of the package with these arguments, quoted for a shell.

    Example:
        >>> shell_command(["model.widths=[8,16]"])
        "python -m cvae_lightning.train 'model.widths=[8,16]'"
    """
    return shlex.join(["python", "-m", f"cvae_lightning.{name}", *arguments])


def user_command() -> str:
    """The command line of this process as the user wrote it: a command of the package, or a program of the user's."""
    program, *arguments = sys.argv or [""]
    path = Path(program)
    if path.parent.resolve() == PACKAGE.resolve():
        return shell_command(arguments, path.stem)
    return shlex.join([path.name, *arguments])


def _git_state() -> dict[str, str | None]:
    """Commit and changes of the package's own checkout; None each where the package is installed elsewhere.

    An environment within another project's repository would otherwise give that project's commit as ours.
    """
    top = _git("rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != PACKAGE.parent.resolve():
        return {"commit": None, "changes": None}
    return {"commit": _git("rev-parse", "HEAD"), "changes": _git("status", "--porcelain")}


def _git(*arguments: str) -> str | None:
    try:
        answer = subprocess.run(["git", "-C", str(PACKAGE), *arguments], capture_output=True, text=True, check=True)
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
