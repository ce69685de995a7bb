"""The second process of a run of two as a fork that was made before the run, so that it imports nothing."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from types import SimpleNamespace
from typing import Any

from campaigns.forks import run_command
from campaigns.kills import Kill, arm


def fork_ranks(kill: Kill | None) -> None:
    """Let Lightning's launcher, in this process, wake a process that waits instead of starting one."""
    from pytorch_lightning.strategies.launchers import subprocess_script

    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(writing)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # until it is a process of the run
        _wait_and_train(reading, kill)
    os.close(reading)

    def popen(command: list[str], env: dict[str, str], cwd: str | None) -> WokenRank:
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump((command, env, cwd), pipe)
        return WokenRank(pid)

    subprocess_script.subprocess = SimpleNamespace(Popen=popen)  # type: ignore[assignment]


class WokenRank:
    """What Lightning uses of :class:`subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid, self.returncode = pid, None

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def _wait_and_train(reading: int, kill: Kill | None) -> Any:
    with os.fdopen(reading, "rb") as pipe:
        content = pipe.read()
    if not content:
        os._exit(0)  # the first process ended before it started others
    command, env, cwd = pickle.loads(content)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd or ".")
    arguments = command[command.index("-m") + 2 :] if "-m" in command else command[2:]
    sys.stdout.flush()
    run_command("train", arguments, (lambda: arm(kill)) if kill else (lambda: None))
