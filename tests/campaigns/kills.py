"""Where and how a run is killed, and the hooks that do it from within."""

from __future__ import annotations

import errno
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from campaigns.settings import BATCHES, EPOCHS, is_distributed
from cvae_lightning.reports import run as report
from cvae_lightning.runs import atomic
from cvae_lightning.training import run as training
from cvae_lightning.training.callbacks import JudgeSamples, SeedEachBatch
from cvae_lightning.training.module import CVAEModule

MOMENTS = {
    "start": 1,
    "batch": BATCHES * EPOCHS,
    "loss": BATCHES * EPOCHS,
    "batch_end": BATCHES * EPOCHS,
    "validation": 2 * EPOCHS,
    "judge_samples": EPOCHS,
    "checkpoint": 2 * EPOCHS + 1,
    "pictures": 1,
    "file": 12,
}
"""How often each moment comes in a run, about; a kill at a moment that does not come is none."""
HALF, WRITTEN, RENAMED = "half", "written", "renamed"
STOPS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One kill of a run.

    Attributes:
        moment: a key of ``MOMENTS``.
        count: at which of them, from 1.
        how: the signal; None for a disk that is full, at the writing of a file.
        to: ``process`` (the one that is at the moment) or ``group``.
        rank: which process of a run of several is at the moment.
        place: within the writing of a file: ``half``, ``written`` or ``renamed``.
    """

    moment: str
    count: int
    how: signal.Signals | None
    to: str = "process"
    rank: int = 0
    place: str = HALF

    def __str__(self) -> str:
        where = f" ({self.place})" if self.moment in ("checkpoint", "file") else ""
        what = f"{self.how.name} to the {self.to} of rank {self.rank}" if self.how else "a full disk"
        return f"{what} at {self.moment} {self.count}{where}"


def draw_kill(rng: random.Random, setting: str) -> Kill:
    """A random kill of a run of this setting."""
    moment = rng.choice([*MOMENTS, "batch", "loss", "batch_end", "checkpoint"])
    return Kill(
        moment=moment,
        count=rng.randint(1, MOMENTS[moment]),
        how=rng.choice([signal.SIGKILL, *STOPS]),
        to=rng.choice(["process", "process", "group"]),
        rank=rng.randint(0, 1) if is_distributed(setting) and moment not in ("pictures", "checkpoint", "file") else 0,
        place=rng.choice([HALF, WRITTEN, RENAMED]),
    )


def draw_full_disk(rng: random.Random) -> Kill:
    """A disk that is full at half of a random file."""
    moment = rng.choice(["checkpoint", "file"])
    return Kill(moment=moment, count=rng.randint(1, MOMENTS[moment]), how=None)


def arm(kill: Kill) -> None:
    """Make this process, which is about to train, kill itself (or its group) at the moment."""
    if int(os.environ.get("LOCAL_RANK", 0)) != kill.rank:
        return
    reached = [0]

    def come() -> None:
        reached[0] += 1
        if reached[0] != kill.count:
            return
        if kill.how is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.killpg(os.getpgid(0), kill.how) if kill.to == "group" else os.kill(os.getpid(), kill.how)

    if kill.moment in ("checkpoint", "file"):
        _at_writing(kill, come)
    else:
        owner, name = CALLS[kill.moment]
        setattr(owner, name, _after(come, getattr(owner, name)))


CALLS: dict[str, tuple[Any, str]] = {
    "start": (training, "build"),
    "batch": (SeedEachBatch, "on_train_batch_start"),
    "loss": (CVAEModule, "on_before_optimizer_step"),
    "batch_end": (CVAEModule, "on_train_batch_end"),
    "validation": (SeedEachBatch, "on_validation_batch_start"),
    "judge_samples": (JudgeSamples, "_probes"),
    "pictures": (report, "write_picture"),
}
"""The function that is called at a moment, by its owner and name."""


def _after(come: Callable[[], None], function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        come()
        return function(*arguments, **named)

    return call


def _at_writing(kill: Kill, come: Callable[[], None]) -> None:
    """Come to the moment while a file is written: at half of its bytes, before it is renamed, or after."""
    whole = atomic.whole_file

    @contextmanager
    def writing(path: Path, *, durable: bool = True) -> Iterator[Any]:
        if kill.moment == "checkpoint" and path.suffix != ".ckpt":
            with whole(path, durable=durable) as file:
                yield file
            return
        with whole(path, durable=durable) as file:
            yield _Halves(file, come) if kill.place == HALF else file
            file.flush()
            if kill.place == WRITTEN:
                come()
        if kill.place == RENAMED:
            come()

    replace_everywhere(whole, writing)


class _Halves:
    """A file that is killed between the halves of what is written into it."""

    def __init__(self, file: Any, come: Callable[[], None]) -> None:
        self.file, self.come = file, come

    def write(self, content: Any) -> int:
        half = len(content) // 2
        self.file.write(content[:half])
        self.file.flush()
        self.come()
        return half + int(self.file.write(content[half:]))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


def replace_everywhere(old: Any, new: Any) -> None:
    """Replace a function of the package in every module that has imported it."""
    for name, module in list(sys.modules.items()):
        if name.startswith("cvae_lightning"):
            for key, value in list(vars(module).items()):
                if value is old:
                    setattr(module, key, new)
