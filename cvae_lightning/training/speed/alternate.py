"""Several trainings in processes of their own that do one step at a time, in turns."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from cvae_lightning.errors import UserError
from cvae_lightning.training.speed import take_turns

LOOPS = ("command", "barebones", "bare")
"""``train`` with all its callbacks, Lightning's ``Trainer(barebones=True)``, and a plain loop."""
PACKAGE_ROOT = Path(__file__).parents[3]
SHOWN_LINES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to train.

    Attributes:
        name: in tables.
        arguments: of ``train``.
        loop: one of ``LOOPS``.
        threads: of PyTorch; None for its own choice.
        code: the folder that holds the package; this one's unless another revision is measured.
    """

    name: str
    arguments: tuple[str, ...]
    loop: str = "command"
    threads: int | None = None
    code: Path = PACKAGE_ROOT


class Step(NamedTuple):
    """How long a step took.

    Attributes:
        seconds: by the wall.
        cpu_seconds: of all the process's threads, which other processes disturb less.
        thread_seconds: processor time of the first thread, which a step takes at least, however many cores are free.
    """

    seconds: float
    cpu_seconds: float
    thread_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """What was measured of a variant.

    Attributes:
        variant: as given.
        steps: one per round.
        peak_bytes: the largest resident memory of the process.
    """

    variant: Variant
    steps: tuple[Step, ...]
    peak_bytes: int


def alternate(variants: Sequence[Variant], rounds: int, warmup: int, folder: Path) -> list[Timed]:
    """Steps of all variants in turns; every second round in reverse order.

    Args:
        variants: at least one.
        rounds: timed steps of each variant.
        warmup: steps of each variant that are not counted.
        folder: where the trainings may write.

    Raises:
        UserError: a training ended before its last step; the message has the last lines of its output.
    """
    with ExitStack() as stack:
        children = [stack.enter_context(_child(v, folder / str(number))) for number, v in enumerate(variants)]
        for child in children:
            child.answer()  # it is ready
        times: list[list[Step]] = [[] for _ in variants]
        for number in range(warmup + rounds):
            order = list(enumerate(children))
            for index, child in order if number % 2 else order[::-1]:
                step = child.step()
                if number >= warmup:
                    times[index].append(step)
        peaks = [child.peak_bytes() for child in children]
    return [
        Timed(variant=variant, steps=tuple(steps), peak_bytes=peak)
        for variant, steps, peak in zip(variants, times, peaks, strict=True)
    ]


class _Child:
    """A training and the pipes to it."""

    def __init__(self, process: subprocess.Popen[bytes], asks: int, answers: int, log: Path, name: str) -> None:
        self.process, self.name, self.log = process, name, log
        self._asks, self._answers = asks, os.fdopen(answers, "rb")

    def step(self) -> Step:
        os.write(self._asks, b"s")
        return Step(*map(float, self.answer().split()))

    def answer(self) -> str:
        line = self._answers.readline().decode()
        if not line:
            lines = self.log.read_text(errors="replace").splitlines()[-SHOWN_LINES:]
            raise UserError(f"benchmark: the training {self.name!r} ended before its last step:\n" + "\n".join(lines))
        return line

    def peak_bytes(self) -> int:
        """The largest resident memory so far; 0 where the system does not say."""
        status = Path(f"/proc/{self.process.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)

    def close(self) -> None:
        os.close(self._asks)
        self.process.wait()
        self._answers.close()


@contextmanager
def _child(variant: Variant, folder: Path) -> Iterator[_Child]:
    folder.mkdir(parents=True)
    (asked, asks), (answers, answered) = os.pipe(), os.pipe()
    (folder / "take_turns.py").write_bytes(Path(take_turns.__file__).read_bytes())
    environment = os.environ | {"PYTHONPATH": f"{variant.code}{os.pathsep}{folder}"}
    if variant.threads is not None:
        environment["OMP_NUM_THREADS"] = str(variant.threads)
    log = folder / "output.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *_arguments(variant, asked, answered, folder)],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(asked, answered),
        )
    os.close(asked)
    os.close(answered)
    child = _Child(process, asks, answers, log, variant.name)
    try:
        yield child
    finally:
        child.close()


def _arguments(variant: Variant, read: int, write: int, folder: Path) -> list[str]:
    if variant.loop != "command":
        return ["-m", "cvae_lightning.training.speed.loops", variant.loop, str(read), str(write), *variant.arguments]
    turns = {"_target_": "take_turns.TakeTurns", "read": read, "write": write}
    added = [f"+callbacks.take_turns.{key}={value}" for key, value in turns.items()]
    return ["-m", "cvae_lightning.train", *variant.arguments, *added, f"hydra.run.dir={folder / 'run'}"]
