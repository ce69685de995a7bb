"""Which scenes are in a batch: an endless stream of shuffled passes, addressed by batch number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import numpy as np
from torch.utils.data import Sampler

FIRST_LOT, LARGEST_LOT = 256, 8192
"""Scenes that a data set gets to know before they are asked for: few at first, so that training starts soon."""


def none_done() -> int:
    """In place of ``done`` where every iteration begins with the first batch."""
    return 0


def expect_nothing(indices: Sequence[int]) -> None:
    """In place of ``expect`` where a data set has no use for it."""


class SceneBatchSampler(Sampler[list[int]]):
    """Batches of indices; batch k is a pure function of (seed, k, rank).

    Each pass visits every scene once in a new order. Of each batch of a pass, ranks take every ``world_size``-th
    index, so that together they visit what one process would. Iterating yields as many batches as a pass has, from
    batch ``done()`` on: a run that was stopped within a pass resumes with the scenes that it has not visited.

    Args:
        size: scenes in the dataset; up to ``world_size - 1`` of each pass are left out to share evenly.
        batch_size: scenes of a batch on each rank.
        seed: seed of the orders.
        rank: index of this process.
        world_size: number of processes.
        shuffle: False for the plain order.
        done: gives the number of batches that were taken before an iteration begins.
        expect: is given the indices of many batches before they are yielded; a function of the data set.
        count_passes: whether scene i of pass p is given as p x size + i, for datasets that differ from pass to pass.

    Raises:
        ValueError: fewer scenes than processes, or a batch size below 1.

    >>> list(SceneBatchSampler(size=5, batch_size=2, shuffle=False))
    [[0, 1], [2, 3], [4]]
    >>> list(SceneBatchSampler(size=5, batch_size=2, shuffle=False, done=lambda: 2))
    [[4], [0, 1], [2, 3]]
    """

    def __init__(
        self,
        size: int,
        batch_size: int,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
        shuffle: bool = True,
        done: Callable[[], int] = none_done,
        expect: Callable[[Sequence[int]], None] = expect_nothing,
        count_passes: bool = False,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}: expected at least 1")
        if size < world_size:
            raise ValueError(
                f"{size} scenes cannot be shared by {world_size} processes: expected one per process or more"
            )
        self.shared = size - size % world_size
        self.size, self.seed, self.shuffle, self.done = size, seed, shuffle, done
        self.expect = expect
        self.rank, self.world_size = rank, world_size
        self.batch_size, self.count_passes = batch_size, count_passes

    def __len__(self) -> int:
        return -(-self.shared // (self.batch_size * self.world_size))

    def __iter__(self) -> Iterator[list[int]]:
        batches, lot = self._batches(), FIRST_LOT
        while some := list(islice(batches, -(-lot // self.batch_size))):
            self.expect([index for batch in some for index in batch])
            yield from some
            lot = min(2 * lot, LARGEST_LOT)

    def _batches(self) -> Iterator[list[int]]:
        first = self.done()
        current, order = -1, np.empty(0, dtype=np.int64)
        step = self.batch_size * self.world_size
        for batch in range(first, first + len(self)):
            pass_number, batch_of_pass = divmod(batch, len(self))
            if pass_number != current:
                current, order = pass_number, self.pass_order(pass_number)
                order = order + pass_number * self.size if self.count_passes else order
            start = batch_of_pass * step
            yield order[start : start + step][self.rank :: self.world_size].tolist()

    def pass_order(self, number: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """(N,) the indices of pass ``number``, of all ranks together."""
        if not self.shuffle:
            return np.arange(self.shared)
        return np.random.default_rng([self.seed, number]).permutation(self.size)[: self.shared]
