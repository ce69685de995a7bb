"""Schedules of the KL weight and of the learning rate, as factors over training time."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod


class Schedule(ABC):
    """A factor over time, a pure function of the epoch (fractions count).

    Args:
        start: factor at epoch 0.
        stop: factor once the ramp is over.
        length: epochs that the ramp (or one cycle) takes.

    Raises:
        ValueError: a negative or non-finite argument.
    """

    def __init__(self, start: float = 0.0, stop: float = 1.0, length: float = 10.0) -> None:
        for name, value in {"start": start, "stop": stop, "length": length}.items():
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"schedule.{name} is {value}: expected a finite number of 0 or more")
        self.start, self.stop, self.length = start, stop, length

    def __call__(self, epoch: float) -> float:
        """The factor at this epoch."""
        return self.start + (self.stop - self.start) * self.ramp(epoch)

    @abstractmethod
    def ramp(self, epoch: float) -> float:
        """Share of the way from start to stop, in [0, 1]."""

    def share(self, epoch: float) -> float:
        """Share of the length that has passed, in [0, 1]."""
        return min(epoch / self.length, 1.0) if self.length else 1.0


class Constant(Schedule):
    """Always the same factor.

    Example:
        >>> Constant(0.5)(epoch=3)
        0.5
    """

    def __init__(self, stop: float = 1.0) -> None:
        super().__init__(stop, stop, 0.0)

    def ramp(self, epoch: float) -> float:
        return 1.0


class Linear(Schedule):
    """A straight ramp (Bowman et al. 2016 call it KL annealing).

    Example:
        >>> schedule = Linear(length=10)
        >>> schedule(0), schedule(5), schedule(20)
        (0.0, 0.5, 1.0)
    """

    def ramp(self, epoch: float) -> float:
        return self.share(epoch)


class Cosine(Schedule):
    """A ramp that starts and ends gently.

    Example:
        >>> schedule = Cosine(length=10)
        >>> schedule(0), round(schedule(2.5), 3), round(schedule(5), 3)
        (0.0, 0.146, 0.5)
    """

    def ramp(self, epoch: float) -> float:
        return 0.5 - 0.5 * math.cos(math.pi * self.share(epoch))


class Exponential(Schedule):
    """A ramp by equal ratios: the weight grows by the same factor in equal times, so it is tiny for long.

    Args:
        start: factor at epoch 0, above 0.
        stop: factor once the ramp is over, above 0.
        length: epochs that the ramp takes.

    Example:
        >>> schedule = Exponential(start=0.01, stop=1.0, length=10)
        >>> [round(schedule(epoch), 3) for epoch in (0, 5, 10)]
        [0.01, 0.1, 1.0]
    """

    def __init__(self, start: float = 0.003, stop: float = 1.0, length: float = 10.0) -> None:
        super().__init__(start, stop, length)
        if not (start and stop):
            raise ValueError(f"an exponential schedule from {start} to {stop}: expected both above 0")

    def ramp(self, epoch: float) -> float:
        if self.start == self.stop:
            return 1.0
        ratio = self.stop / self.start
        return (ratio ** self.share(epoch) - 1) / (ratio - 1)


class Cyclical(Schedule):
    """Straight ramps that start again every ``length`` epochs (Fu et al. 2019).

    Args:
        start: factor at the beginning of a cycle.
        stop: factor at its end.
        length: epochs of one cycle.
        rising: share of a cycle that the ramp takes, in (0, 1]; the rest stays at ``stop``.
        cycles: cycles before the factor stays at ``stop``.

    Example:
        >>> schedule = Cyclical(length=10, rising=0.5, cycles=2)
        >>> [schedule(epoch) for epoch in (0, 2.5, 7, 12.5, 20)]
        [0.0, 0.5, 1.0, 0.5, 1.0]
    """

    def __init__(
        self,
        start: float = 0.0,
        stop: float = 1.0,
        length: float = 10.0,
        rising: float = 0.5,
        cycles: int = 4,
    ) -> None:
        super().__init__(start, stop, length)
        if not 0 < rising <= 1:
            raise ValueError(f"schedule.rising is {rising}: expected a number in (0, 1]")
        if length == 0 or cycles < 1:
            raise ValueError(f"schedule has {cycles} cycles of {length} epochs: expected at least 1 of more than 0")
        self.rising, self.cycles = rising, cycles

    def ramp(self, epoch: float) -> float:
        if epoch >= self.length * self.cycles:
            return 1.0
        return min(epoch % self.length / (self.length * self.rising), 1.0)


class LearningRateSchedule:
    """Factor of the learning rate by step: a straight warm-up, then constant or a cosine down.

    Own formula for torch's ``LambdaLR``, equal at every step to ``SequentialLR([LinearLR, CosineAnnealingLR])``, which
    cannot be used as it is: it keeps its length in its state, so a run that is resumed with more epochs would follow
    the old one and then rise again, and its last rate is absolute where ``floor`` is a share of each group's.

    Args:
        warmup: steps of the warm-up.
        decay: True for a cosine down to ``floor`` over the whole training.
        floor: last factor of the decay.

    Raises:
        ValueError: an impossible number.

    Example:
        >>> schedule = LearningRateSchedule(warmup=10, decay=True)
        >>> schedule(0, total=110), schedule(9, total=110), round(schedule(60, total=110), 3)
        (0.1, 1.0, 0.5)
    """

    def __init__(self, warmup: int = 0, decay: bool = False, floor: float = 0.0) -> None:
        if warmup < 0 or not 0 <= floor <= 1:
            raise ValueError(f"lr_scheduler: warmup {warmup}, floor {floor}: expected 0 or more, and 0 to 1")
        self.warmup, self.decay, self.floor = warmup, decay, floor

    def __call__(self, step: int, total: int) -> float:
        """The factor of optimizer step ``step`` of ``total``."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        if not self.decay:
            return 1.0
        share = min((step - self.warmup) / max(total - self.warmup, 1), 1.0)
        return self.floor + (1 - self.floor) * (0.5 + 0.5 * math.cos(math.pi * share))
