"""What must not happen while a file is read: other errors, code, writing elsewhere, hanging, filling the memory."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LONGEST_SECONDS, MOST_BYTES = 10, 2**30
EXECUTING = ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "subprocess.Popen", "socket.connect")
_watched: list[tuple[Path, list[str]]] = []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watched or threading.current_thread() is not threading.main_thread():
        return
    folder, acts = _watched[-1]
    if event in EXECUTING:
        acts.append(f"{event} {arguments}")
    elif event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        path = Path(os.fsdecode(arguments[0])) if isinstance(arguments[0], str | bytes) else None
        if path is not None and not path.absolute().is_relative_to(folder) and path.suffix != ".pyc":
            acts.append(f"{path} was opened for writing")


sys.addaudithook(_audit)


@contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """Fail where the block takes more than ten seconds or a GB, runs a program, or writes outside of a folder."""
    acts: list[str] = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    signal.signal(signal.SIGALRM, _hangs)
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, _hangs)
    signal.setitimer(signal.ITIMER_PROF, LONGEST_SECONDS)  # of processor time: other programs may hold this one up
    _watched.append((folder, acts))
    try:
        yield
    finally:
        _watched.pop()
        signal.setitimer(signal.ITIMER_PROF, 0)
    assert not acts, f"it acted: {acts}"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    assert grown < MOST_BYTES, f"it took {grown / 2**20:.0f} MB more"


def _hangs(*arguments: Any) -> None:
    raise TimeoutError(f"it took more than {LONGEST_SECONDS} s")
