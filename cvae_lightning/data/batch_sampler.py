"""Which scenes make up a batch: an endless stream of shuffled passes, addressed by batch number."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from torch.utils.data import Sampler


def _none_done() -> int:
    return 0


class SceneBatchSampler(Sampler[list[int]]):
    """Batches of indices; batch k is a pure function of (seed, k, rank), whoever asks and when.

    Each pass visits every scene once in a new order; ranks take every ``world_size``-th place of it, so
    together they visit what one process would. Iterating yields one pass worth of batches from batch
    ``done()`` on, which makes a run that was stopped within a pass go on with the scenes it has not seen.

    Args:
        size: scenes in the dataset; up to ``world_size - 1`` of each pass are left out to share evenly.
        batch_size: scenes of a batch on each rank.
        seed: seed of the orders.
        rank: this process.
        world_size: number of processes.
        shuffle: False for the plain order.
        done: number of batches taken already when an iteration begins.

    Raises:
        ValueError: fewer scenes than processes, or a batch size below 1.
    """

    def __init__(
        self,
        size: int,
        batch_size: int,
        seed: int = 0,
        rank: int = 0,
        world_size: int = 1,
        shuffle: bool = True,
        done: Callable[[], int] = _none_done,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}: expected at least 1")
        if size < world_size:
            raise ValueError(f"{size} scenes cannot be shared by {world_size} processes: one each is needed")
        self.shared = size - size % world_size
        self.size, self.seed, self.shuffle, self.done = size, seed, shuffle, done
        self.rank, self.world_size = rank, world_size
        self.batch_size = batch_size

    def __len__(self) -> int:
        return -(-self.shared // (self.batch_size * self.world_size))

    def __iter__(self) -> Iterator[list[int]]:
        first = self.done()
        current, order = -1, np.empty(0, dtype=np.int64)
        for number in range(first, first + len(self)):
            visited, place = divmod(number, len(self))
            if visited != current:
                current, order = visited, self.pass_order(visited)
            step = self.batch_size * self.world_size
            yield order[place * step : (place + 1) * step][self.rank :: self.world_size].tolist()

    def pass_order(self, number: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The indices of pass ``number``, all ranks together."""
        if not self.shuffle:
            return np.arange(self.shared)
        return np.random.default_rng([self.seed, number]).permutation(self.size)[: self.shared]
