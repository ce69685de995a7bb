"""The seeding of NumPy's ``SeedSequence`` for many sequences whose last word differs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

POOL = 4
"""Words of a sequence's pool."""


def words_of(value: int, least: int = 1) -> list[int]:
    """A number as 32-bit words, the lowest first."""
    words = [value >> shift & 0xFFFFFFFF for shift in range(0, max(1, value.bit_length()), 32)]
    return words + [0] * (least - len(words))


def seed_words(shared: Sequence[int], last: NDArray[np.int64]) -> NDArray[np.uint64]:
    """(4, N) what ``SeedSequence`` generates from words that all N share and a last one."""
    hashes = _Hash(0x43B0D7E5, 0x931E8875)
    pool = [hashes(np.full(1, word, np.uint32)) for word in shared[:POOL]]
    for source in range(POOL):
        for target in range(POOL):
            if source != target:
                pool[target] = _mix(pool[target], hashes(pool[source]))
    for word in [*(np.full(1, word, np.uint32) for word in shared[POOL:]), last.astype(np.uint32)]:
        pool = [_mix(part, hashes(word)) for part in pool]
    hashes = _Hash(0x8B51F9DD, 0x58F38DED)
    halves = [hashes(pool[i % POOL]).astype(np.uint64) for i in range(8)]
    return np.stack([halves[i] | halves[i + 1] << np.uint64(32) for i in range(0, 8, 2)])


class _Hash:
    """The hash of ``SeedSequence``, whose constant changes with each use."""

    def __init__(self, constant: int, factor: int) -> None:
        self.constant, self.factor = constant, factor

    def __call__(self, value: NDArray[np.uint32]) -> NDArray[np.uint32]:
        value = value ^ np.uint32(self.constant)
        self.constant = self.constant * self.factor & 0xFFFFFFFF
        value = value * np.uint32(self.constant)
        return value ^ value >> np.uint32(16)


def _mix(first: NDArray[np.uint32], second: NDArray[np.uint32]) -> NDArray[np.uint32]:
    value = first * np.uint32(0xCA01F9DD) - second * np.uint32(0x4973F715)
    return value ^ value >> np.uint32(16)
