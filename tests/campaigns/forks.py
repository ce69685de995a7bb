"""Commands as forks of one process that has imported torch: the start of a command costs no import."""

from __future__ import annotations

import gc
import multiprocessing.util
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from hydra.core.global_hydra import GlobalHydra
from support import ROOT

MODULES = "CAMPAIGN_MODULES"
"""The environment variable with the file into which a command writes what it has imported."""


@dataclass(slots=True, kw_only=True)
class Fork:
    """A command that runs in a session of its own.

    Attributes:
        pid: of its first process, and of its session.
        log: the file with what it prints.
        code: its exit code once it has ended, the negative number of a signal that killed it.
    """

    pid: int
    log: Path
    code: int | None = field(default=None)

    def wait(self, seconds: float) -> int:
        """The exit code.

        Raises:
            TimeoutError: the command hangs; it has been killed with its session.
        """
        end = time.monotonic() + seconds
        while self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > end:
                self._kill_session()
                raise TimeoutError(f"a command still runs after {seconds:.0f} s; it printed: {self.printed()[-2000:]}")
            else:
                time.sleep(0.02)
        return self.code

    def printed(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def survivors(self) -> list[int]:
        """Processes of the command's session that still run."""
        return [pid for pid, session in sessions().items() if session == self.pid]

    def _kill_session(self) -> None:
        for pid in self.survivors():
            os.kill(pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.code = -signal.SIGKILL


def fork_command(name: str, arguments: list[str], cwd: Path, log: Path, prepare: Callable[[], None]) -> Fork:
    """Run ``python -m cvae_lightning.NAME ARGUMENTS`` as a fork of this process, in a session of its own.

    Args:
        name: of the command.
        arguments: of the command.
        cwd: the folder that it runs in.
        log: the file for what it prints.
        prepare: is called in the new process before the command.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if not pid:
        os.setsid()
        _redirect(log)
        os.chdir(cwd)
        run_command(name, arguments, prepare)
    return Fork(pid=pid, log=log)


def import_what_is_used(modules: Path) -> None:
    """Import what a finished command has imported, so that later forks need not.

    Args:
        modules: the file of names that :func:`run_command` has written.
    """
    for name in modules.read_text().split():
        with suppress(Exception):
            import_module(name)


def run_command(name: str, arguments: list[str], prepare: Callable[[], None]) -> None:
    """Become a command, and end with its exit code."""
    code = 1
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        GlobalHydra.instance().clear()
        sys.argv = [str(ROOT / "cvae_lightning" / f"{name}.py"), *arguments]
        prepare()
        import_module(f"cvae_lightning.{name}").main()
        code = 0
        if MODULES in os.environ:
            Path(os.environ[MODULES]).write_text("\n".join(sys.modules))
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        # What an interpreter does at its end; the rest of it belongs to the process that was forked.
        gc.collect()
        multiprocessing.util._exit_function()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def sessions() -> dict[int, int]:
    """The session of every process, zombies left out, by process id."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                found[int(folder.name)] = int(fields[3])
    return found


def _redirect(log: Path) -> None:
    """Send standard output and error of this process to a file."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in (1, 2):
        os.dup2(descriptor, number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1, closefd=False) for number in (1, 2))
