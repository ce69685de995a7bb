"""Shares and how sure they are."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

LEVEL = 0.95


def wilson(passed: int, of: int, level: float = LEVEL) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927; without continuity correction, method 3 of Newcombe 1998).

    Written out, because ``scipy.stats`` takes longer to import than all intervals of an evaluation to compute.
    It stays within 0 and 1 and is not a point at 0 of n or n of n, where the usual normal interval is.

    Raises:
        ValueError: not 0 <= passed <= of, or ``of`` is 0.
    """
    if not 0 <= passed <= of or of == 0:
        raise ValueError(f"a share of {passed} in {of}: expected 0 to n of at least 1")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share, scale = passed / of, 2 * (of + z**2)
    centre = (2 * of * share + z**2) / scale
    half = z / scale * sqrt(4 * of * share * (1 - share) + z**2)
    return (centre - half if passed else 0.0), (centre + half if passed < of else 1.0)


class Tally(NamedTuple):
    """How many passed of how many."""

    passed: int
    of: int

    @classmethod
    def over(cls, answers: Iterable[bool | None]) -> Tally:
        """Of answers, those that are not None."""
        given = [answer for answer in answers if answer is not None]
        return cls(sum(given), len(given))

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.passed / self.of

    def plain(self) -> dict[str, float]:
        """As plain data, with the 95 % interval."""
        low, high = wilson(self.passed, self.of)
        return {"passed": self.passed, "of": self.of, "share": self.share, "low": low, "high": high}
