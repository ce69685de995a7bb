"""How a command ends: its files on standard output; its result and the next command on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def done(files: Sequence[Path], result: str, following: str = "") -> None:
    """Print what came of a command.

    Args:
        files: what it wrote, one per line of standard output.
        result: in one sentence.
        following: the command that usually comes next, without ``python -m cvae_lightning.``.
    """
    for file in files:
        print(file)
    print(result, file=sys.stderr)
    if following:
        print(f"next: python -m cvae_lightning.{following}", file=sys.stderr)


def stopwatch() -> Callable[[], float]:
    """A function that gives the minutes since now, to two digits."""
    begin = time.perf_counter()
    return lambda: round((time.perf_counter() - begin) / 60, 2)
