"""Draws of a few generators that are known ahead, for scenes of which many attempts fail.

A call of NumPy costs as much as a thousand draws. Where few scenes are left, whole blocks of draws by NumPy's own
generator are cheaper than one draw of each of them at a time.
"""

from __future__ import annotations

import numpy as np

from cvae_lightning.world.batch.streams import Floats, Ints, Streams

BLOCK = 2048


class Ahead:
    """Generators of ``Streams`` whose next draws are kept; ``finish`` gives them back.

    Args:
        streams: the generators.
        lanes: (n,) some of them; methods take positions in this list.
    """

    def __init__(self, streams: Streams, lanes: Ints) -> None:
        self.streams, self.lanes = streams, lanes
        self.blocks = np.empty((len(lanes), BLOCK))
        self.used = np.zeros(len(lanes), np.int64)
        self._generator = np.random.Generator(np.random.PCG64(0))
        for k in range(len(lanes)):
            self._fill(k)

    def doubles(self, lanes: Ints) -> Floats:
        """(n,) the next number in [0, 1) of each of these."""
        found = self.peek(lanes, 0, 1)[0]
        self.skip(lanes, 1)
        return found

    def peek(self, lanes: Ints, start: int, count: int) -> Floats:
        """(count, n) what ``doubles`` would give after ``start`` draws."""
        for k in lanes[self.used[lanes] + (start + count) > BLOCK].tolist():
            self.finish(k)
            self._fill(k)
        first = self.used[lanes] + (lanes * BLOCK + start)
        return self.blocks.ravel()[first + np.arange(count)[:, None]]

    def skip(self, lanes: Ints, draws: int) -> None:
        """Advance these by a number of draws."""
        self.used[lanes] += draws

    def finish(self, k: int) -> None:
        """Advance the generator in the streams by what was used of it."""
        generator = self.streams.generator(int(self.lanes[k]), self._generator)
        generator.bit_generator.advance(int(self.used[k]))
        self.streams.put(int(self.lanes[k]), generator)
        self.used[k] = 0

    def _fill(self, k: int) -> None:
        self.streams.generator(int(self.lanes[k]), self._generator).random(out=self.blocks[k])
