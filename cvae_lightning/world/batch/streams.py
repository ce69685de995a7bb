"""Many of NumPy's PCG64 generators as arrays: each draws the bits that its own ``np.random.Generator`` would draw.

The generator is PCG XSL RR 128/64 (O'Neill, "PCG: a family of simple fast space-efficient statistically good
algorithms for random number generation", 2014), seeded by ``np.random.SeedSequence``. Its state is a linear
congruential sequence modulo 2 ** 128, so that any number of draws is skipped by one product. A 128-bit number is two
arrays of uint64 here, its high and its low half.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.batch.seeding import POOL, seed_words, words_of

Words = NDArray[np.uint64]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Number = tuple[Words, Words]
"""128-bit numbers: their high and low halves."""

_MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
_LOW = np.uint64(0xFFFFFFFF)
_HALF, _ONE = np.uint64(32), np.uint64(1)
_MASK = (1 << 128) - 1


class Jump(NamedTuple):
    """How a state moves on by some draws: it is multiplied, and the increment times ``added`` is added."""

    factor: int
    added: int


@cache
def jump(draws: int) -> Jump:
    """The jump over a number of draws.

    >>> jump(1).added
    1
    """
    factor, added = 1, 0
    for _ in range(draws):
        factor, added = factor * _MULTIPLIER & _MASK, (added * _MULTIPLIER + 1) & _MASK
    return Jump(factor, added)


class Draws(Protocol):
    """Random generators: ``Streams``, or some of them ``Ahead``."""

    def doubles(self, lanes: Ints) -> Floats: ...
    def peek(self, lanes: Ints, start: int, count: int) -> Floats: ...
    def skip(self, lanes: Ints, draws: int) -> None: ...


class Streams:
    """N generators, of which each call advances some.

    Args:
        state: of each, N 128-bit numbers.
        increment: of each, odd.

    Example:
        >>> streams = Streams.of_scenes(0, 1, np.arange(3))
        >>> float(streams.doubles(np.array([2]))[0]) == np.random.default_rng(
        ...     np.random.SeedSequence(0, spawn_key=(1, 2))).random()
        True
    """

    def __init__(self, state: Number, increment: Number) -> None:
        self.high, self.low = state
        self.increment = increment
        self._half = np.zeros(len(self.low), np.uint64)  # the upper half of a word, of which the lower one was drawn
        self._has_half = np.zeros(len(self.low), bool)
        self._sums: dict[int, Number] = {}

    @classmethod
    def of_scenes(cls, seed: int, number: int, indices: Ints) -> Streams:
        """Those of ``SeedSequence(seed, spawn_key=(number, index))`` for each index.

        Args:
            seed: 0 or more.
            number: of the split.
            indices: (N,) 0 or more.
        """
        words = seed_words([*words_of(seed, POOL), *words_of(number)], indices)
        large = np.flatnonzero(indices > int(_LOW))
        for i in large.tolist():  # an index of two words, which no data set has
            sequence = np.random.SeedSequence(seed, spawn_key=(number, int(indices[i])))
            words[:, i] = sequence.generate_state(4, np.uint64)
        start, (high, low) = (words[0], words[1]), (words[2], words[3])
        increment = (high << _ONE) | (low >> np.uint64(63)), (low << _ONE) | _ONE
        return cls(_step(_add(increment, start), jump(1).factor, increment), increment)

    def words(self, lanes: Ints) -> Words:
        """(n,) the next 64 bits of each of these generators."""
        state = _step((self.high[lanes], self.low[lanes]), jump(1).factor, self._added(1, lanes))
        self.high[lanes], self.low[lanes] = state
        return _output(state)

    def doubles(self, lanes: Ints) -> Floats:
        """(n,) in [0, 1), as ``Generator.random`` draws them."""
        return _double(self.words(lanes))

    def peek(self, lanes: Ints, start: int, count: int) -> Floats:
        """(count, n) what ``doubles`` would give after ``start`` draws, without advancing any generator."""
        high, low = np.empty((2, count, len(lanes)), np.uint64)
        high[0], low[0] = _step(
            (self.high[lanes], self.low[lanes]), jump(start + 1).factor, self._added(start + 1, lanes)
        )
        done = 1
        while done < count:  # what is known, and as much again
            new = slice(done, min(2 * done, count))
            known = slice(0, new.stop - done)
            high[new], low[new] = _step((high[known], low[known]), jump(done).factor, self._added(done, lanes))
            done = new.stop
        return _double(_output((high, low)))

    def skip(self, lanes: Ints, draws: int) -> None:
        """Advance these generators by a number of words."""
        state = _step((self.high[lanes], self.low[lanes]), jump(draws).factor, self._added(draws, lanes))
        self.high[lanes], self.low[lanes] = state

    def plain(self, lane: int) -> np.random.PCG64:
        """One of them as NumPy's; without the half of a word that may be left."""
        found = np.random.PCG64(0)
        state, inc = ((int(high[lane]) << 64) + int(low[lane]) for high, low in ((self.high, self.low), self.increment))
        found.state = {
            "bit_generator": "PCG64",
            "state": {"state": state, "inc": inc},
            "has_uint32": 0,
            "uinteger": 0,
        }
        return found

    def put(self, lane: int, generator: np.random.PCG64) -> None:
        """Set the state of this one to that of a generator of :meth:`plain`."""
        state = generator.state["state"]["state"]
        self.high[lane], self.low[lane] = state >> 64, state & 0xFFFFFFFFFFFFFFFF

    def _added(self, draws: int, lanes: Ints) -> Number:
        """What so many draws add to these states."""
        if draws not in self._sums:
            zero = np.zeros_like(self.low)
            self._sums[draws] = _step(self.increment, jump(draws).added, (zero, zero))
        high, low = self._sums[draws]
        return high[lanes], low[lanes]

    def integers(self, lanes: Ints, bounds: Ints) -> Ints:
        """(n,) below each bound, as ``Generator.integers`` draws them (Lemire, arXiv 1805.10941).

        Args:
            lanes: (n,) generators.
            bounds: (n,) from 1 to 2 ** 32 - 1; one of 1 draws nothing.

        Raises:
            ValueError: a bound is less than 1.
        """
        if bounds.min(initial=1) < 1:
            raise ValueError("a choice among nothing: expected one thing or more")
        found = np.zeros(len(lanes), np.int64)
        left = np.flatnonzero(bounds > 1)
        limit = bounds.astype(np.uint64)
        threshold = (np.uint64(1 << 32) - limit) % limit
        while len(left):
            product = self._half_words(lanes[left]) * limit[left]
            found[left] = (product >> _HALF).astype(np.int64)
            left = left[(product & _LOW) < threshold[left]]
        return found

    def _half_words(self, lanes: Ints) -> Words:
        """(n,) the next 32 bits: the lower half of a word, then its upper half."""
        kept = self._has_half[lanes]
        found = self._half[lanes]
        new = lanes[~kept]
        if len(new):
            word = self.words(new)
            found[~kept] = word & _LOW
            self._half[new] = word >> _HALF
        self._has_half[lanes] = ~kept
        return found


def _double(words: Words) -> Floats:
    found: Floats = (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return found


def _output(state: Number) -> Words:
    """XSL RR: the halves' exclusive or, rotated to the right by the six highest bits."""
    high, low = state
    mixed, turn = np.bitwise_xor(high, low), high >> np.uint64(58)
    found: Words = np.bitwise_or(mixed >> turn, mixed << ((np.uint64(64) - turn) & np.uint64(63)))
    return found


def _add(first: Number, second: Number) -> Number:
    low = first[1] + second[1]
    return first[0] + second[0] + (low < second[1]).astype(np.uint64), low


def _step(state: Number, factor: int, increment: Number) -> Number:
    """State times factor plus increment, modulo 2 ** 128."""
    high, low = state
    upper, lower = np.uint64(factor >> 64), np.uint64(factor & 0xFFFFFFFFFFFFFFFF)
    f1, f0 = lower >> _HALF, lower & _LOW
    a1, a0 = low >> _HALF, low & _LOW
    middle = a0 * f0
    middle >>= _HALF
    middle += a1 * f0
    a0 *= f1
    a0 += middle & _LOW
    a0 >>= _HALF
    middle >>= _HALF
    a1 *= f1
    a1 += middle
    a1 += a0
    a1 += high * lower
    a1 += low * upper
    a1 += increment[0]
    new = low * lower
    new += increment[1]
    a1 += (new < increment[1]).astype(np.uint64)
    return a1, new
