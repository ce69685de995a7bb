"""Draws of some generators that are known ahead, for scenes of which many attempts fail.

Where few scenes are left, a block of draws by NumPy's own generator is cheaper than the same draws as arrays.
"""

from __future__ import annotations

import numpy as np

from cvae_lightning.world.batch.streams import Floats, Ints, Streams

BLOCK = 2048
"""Draws that are known of each."""


class Ahead:
    """Generators of ``Streams`` whose next draws are kept; ``finish`` advances the streams by those that were used.

    Args:
        streams: the generators.
        lanes: (n,) some of them; methods take positions in this list.

    Example:
        >>> streams = Streams.of_scenes(0, 0, np.arange(3))
        >>> bool(Ahead(streams, np.array([2])).peek(np.array([0]), 5, 1) == streams.peek(np.array([2]), 5, 1))
        True
    """

    def __init__(self, streams: Streams, lanes: Ints) -> None:
        self._streams, self._lanes = streams, lanes.tolist()
        self._generators = [streams.plain(lane) for lane in self._lanes]
        self._blocks = np.stack([np.random.Generator(generator).random(BLOCK) for generator in self._generators])
        self._used = np.zeros(len(lanes), np.int64)

    def doubles(self, lanes: Ints) -> Floats:
        """(n,) the next number in [0, 1) of each of these."""
        found = self.peek(lanes, 0, 1)[0]
        self.skip(lanes, 1)
        return found

    def peek(self, lanes: Ints, start: int, count: int) -> Floats:
        """(count, n) what ``doubles`` would give after ``start`` draws."""
        used = self._used[lanes]
        if used.max(initial=0) + (start + count) > BLOCK:
            for k in lanes[used + (start + count) > BLOCK].tolist():
                self._refill(k)
            used = self._used[lanes]
        used += lanes * BLOCK
        used += start
        return self._blocks.ravel()[used + np.arange(count)[:, None]]

    def skip(self, lanes: Ints, draws: int) -> None:
        """Advance these by a number of draws."""
        self._used[lanes] += draws

    def finish(self) -> None:
        """Advance the streams by what was used; nothing may be drawn here afterwards."""
        for lane, generator, used in zip(self._lanes, self._generators, self._used.tolist(), strict=True):
            generator.advance(used - BLOCK)
            self._streams.put(lane, generator)

    def _refill(self, k: int) -> None:
        """Drop what was used of a block, and draw as much again."""
        block, generator, used = self._blocks[k], self._generators[k], int(self._used[k])
        kept = max(0, BLOCK - used)
        block[:kept] = block[BLOCK - kept :].copy()
        if used > BLOCK:
            generator.advance(used - BLOCK)
        np.random.Generator(generator).random(out=block[kept:])
        self._used[k] = 0
