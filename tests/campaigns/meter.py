"""Memory, open files, threads and time per unit of work, sampled while a process works."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

MEGABYTE = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The state of a process after some units of work.

    Attributes:
        units: how many have been done.
        memory: resident, in megabytes.
        files: open file descriptors.
        threads: of the process.
        milliseconds: of processor time per unit since the sample before.
    """

    units: int
    memory: float
    files: int
    threads: int
    milliseconds: float

    def as_plain(self) -> dict[str, Any]:
        return {name: round(value, 3) for name, value in asdict(self).items()}


class Meter:
    """Samples of a process.

    Args:
        pid: of the process; None: this one.
    """

    def __init__(self, pid: int | None = None) -> None:
        self.folder = Path("/proc") / str(pid or os.getpid())
        self.samples: list[Sample] = []
        self._units, self._seconds = 0, self._processor_time()

    def sample(self, units: int) -> None:
        """Note the state after so many units."""
        if self.folder.name == str(os.getpid()):
            gc.collect()  # what waits for the collector is not a leak
        seconds = self._processor_time()
        status = dict(
            line.split(":\t", 1) for line in (self.folder / "status").read_text().splitlines() if ":\t" in line
        )
        done = max(units - self._units, 1)
        self.samples.append(
            Sample(
                units=units,
                memory=int(status["VmRSS"].split()[0]) / 1024,
                files=len(list((self.folder / "fd").iterdir())),
                threads=int(status["Threads"]),
                milliseconds=1000 * (seconds - self._seconds) / done,
            )
        )
        self._units, self._seconds = units, seconds

    def _processor_time(self) -> float:
        fields = (self.folder / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class MeterEpochs(Callback):
    """Samples a training every few epochs; for ``_target_: campaigns.meter.MeterEpochs``.

    Args:
        every: epochs between two samples.
    """

    latest: MeterEpochs | None = None
    """The one of the training that ran last, whose caller has no other way to it."""

    def __init__(self, every: int) -> None:
        self.every, self.meter = every, Meter()
        MeterEpochs.latest = self

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if (trainer.current_epoch + 1) % self.every == 0:
            self.meter.sample(trainer.current_epoch + 1)


def growth(samples: list[Sample]) -> dict[str, float]:
    """How each quantity changes over the second half of the work, by a straight line, and its mean there."""
    late = samples[len(samples) // 2 :]
    units = np.array([sample.units for sample in late], float)
    return dict(_lines(late, units))


def _lines(late: list[Sample], units: np.ndarray) -> Iterator[tuple[str, float]]:
    for name in ("memory", "files", "threads", "milliseconds"):
        values = np.array([getattr(sample, name) for sample in late], float)
        slope = np.polyfit(units, values, 1)[0] if len(late) > 1 else 0.0
        yield f"{name}_mean", round(float(values.mean()), 3)
        yield f"{name}_change", round(float(slope * (units[-1] - units[0])), 3)
