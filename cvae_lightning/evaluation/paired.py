"""Two models on the same captions: how far apart they are, and whether chance alone would do that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import comb, sqrt
from typing import Any, NamedTuple

from cvae_lightning.evaluation.proportions import wilson


class PairedTable(NamedTuple):
    """How often two models are right on the same captions.

    Attributes:
        both: captions on which both are right.
        first_only, second_only: captions on which one is right and the other is not.
        neither: captions on which both are wrong.

    Example:
        >>> PairedTable.over([(True, True), (True, False)])
        PairedTable(both=1, first_only=1, second_only=0, neither=0)
    """

    both: int
    first_only: int
    second_only: int
    neither: int

    @classmethod
    def over(cls, pairs: Iterable[tuple[bool, bool]]) -> PairedTable:
        """Counted from one pair of verdicts per caption."""
        counts = {(a, b): 0 for a in (True, False) for b in (True, False)}
        for pair in pairs:
            counts[pair] += 1
        return cls(counts[True, True], counts[True, False], counts[False, True], counts[False, False])

    @property
    def of(self) -> int:
        """Captions in all."""
        return sum(self)

    @property
    def difference(self) -> float:
        """The share that the second model has right, less that of the first."""
        return (self.second_only - self.first_only) / self.of

    def plain(self) -> dict[str, Any]:
        """As plain data, with the interval of the difference and the p-value."""
        low, high = difference_interval(self)
        return {**self._asdict(), "difference": self.difference, "low": low, "high": high, "p": mcnemar(self)}


def mcnemar(table: PairedTable) -> float:
    """The exact two-sided p-value of McNemar's test (McNemar 1947, in the exact form of Cochran 1950).

    If both models are right equally often, each caption on which they differ falls to either with probability 1/2; the
    p-value is the probability that it comes out at least as unevenly as was found. Where they agree says nothing.

    Example:
        >>> mcnemar(PairedTable(both=500, first_only=1, second_only=9, neither=2))
        0.021484375
    """
    fewer, total = min(table.first_only, table.second_only), table.first_only + table.second_only
    return min(1.0, 2 * sum(comb(total, k) for k in range(fewer + 1)) / 2**total)


def difference_interval(table: PairedTable) -> tuple[float, float]:
    """The 95 % interval of :attr:`PairedTable.difference` (Newcombe 1998, method 10 for paired proportions).

    It squares and adds the ends of the two Wilson intervals, less the part that the two models share. Unlike the usual
    normal interval it is not a point where the models never differ.

    Raises:
        ValueError: there is no caption.

    Example:
        >>> [round(end, 3) for end in difference_interval(PairedTable(both=1, first_only=7, second_only=1, neither=12))]
        [-0.507, -0.026]
    """
    right = (table.both + table.second_only, table.both + table.first_only)
    (upper, lower), phi = [_sides(count, table.of) for count in right], _correlation(table)
    low = sqrt(max(0, upper[0] ** 2 - 2 * phi * upper[0] * lower[1] + lower[1] ** 2))
    high = sqrt(max(0, upper[1] ** 2 - 2 * phi * upper[1] * lower[0] + lower[0] ** 2))
    return max(-1.0, table.difference - low), min(1.0, table.difference + high)


def _sides(count: int, of: int) -> tuple[float, float]:
    """How far the Wilson interval of a share reaches below and above it."""
    low, high = wilson(count, of)
    return count / of - low, high - count / of


def _correlation(table: PairedTable) -> float:
    """Phi of the table, with the continuity correction that the method has for positive ones."""
    both, first, second, neither = table
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    if not margins:
        return 0.0
    product = both * neither - first * second
    corrected = max(product - table.of / 2, 0) if product > 0 else product
    return corrected / sqrt(margins)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for how many there are (Holm 1979): the chance of any false finding stays below the level.

    Example:
        >>> holm([0.01, 0.04, 0.5])
        [0.03, 0.08, 0.5]
    """
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = highest
    return corrected
