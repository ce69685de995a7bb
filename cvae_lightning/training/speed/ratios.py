"""How much faster one variant is than another: the median ratio of paired steps, with an interval."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Ratio(NamedTuple):
    """A median of ratios.

    Attributes:
        median: of all.
        low, high: an interval that holds the true median with a probability of 95 % at least, whatever the
            distribution; the smallest and largest ratio where there are too few for one.
    """

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} [{self.low:.2f}, {self.high:.2f}]"


def speed_ratio(base: Sequence[float], other: Sequence[float]) -> Ratio:
    """How many times faster steps of these seconds are than the base's, pair by pair.

    Raises:
        ValueError: there is not one step of each per pair.

    Example:
        >>> speed_ratio([2.0, 4.0, 3.0], [1.0, 2.0, 1.0]).median
        2.0
    """
    if len(base) != len(other) or not base:
        raise ValueError(f"{len(base)} and {len(other)} steps: expected equally many, one at least")
    ratios = sorted(first / second for first, second in zip(base, other, strict=True))
    below = _left_out(len(ratios))
    return Ratio(statistics.median(ratios), ratios[below], ratios[-1 - below])


def _left_out(count: int, error: float = 0.05) -> int:
    """How many of the sorted values are outside the interval on each side (Conover 1999, section 3.2)."""
    tail, number = 0.0, 0
    while number < (count - 1) // 2 and tail + math.comb(count, number) / 2**count <= error / 2:
        tail += math.comb(count, number) / 2**count
        number += 1
    return max(number - 1, 0)
