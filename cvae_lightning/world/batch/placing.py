"""Positions for the things of many scenes at a time, as ``placement.place_things`` finds them for one scene."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.batch.ahead import Ahead
from cvae_lightning.world.batch.regions import Bodies, Lines, draw_regions, lines_of
from cvae_lightning.world.batch.streams import Draws, Streams
from cvae_lightning.world.placement import MAX_ATTEMPTS, MAX_TRIES
from cvae_lightning.world.spacing import Spacing
from cvae_lightning.world.world import World

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

AT_ONCE = 2048
"""Scenes whose first attempts are made together: their arrays stay in the processor's cache."""
FIRST = 6
"""Attempts that are made so; few scenes need more."""
TRIES = (2, 6, 24)
"""Candidates of a position that are compared at a time: most are found early."""
FEW = 256
"""Scenes of which all candidates are compared at once."""
SURELY = 1 - 1e-9
"""Nearer than this share of a squared distance is too near whatever the rounding."""


def place_bodies(bodies: Bodies, streams: Streams, lanes: Ints, world: World) -> tuple[Floats, Bools]:
    """Centres for the bodies of n scenes.

    Args:
        bodies: of the scenes.
        streams: the generators.
        lanes: (n,) those of the scenes.
        world: of the scenes.

    Returns:
        (2, n, B) x and y, and (n,) whether an attempt could place all bodies of a scene.
    """
    order = np.argsort(-bodies.r, axis=1, kind="stable")  # the largest first; fillers last
    rows = np.arange(len(lanes))[:, None]
    bodies = replace(
        bodies,
        group=bodies.group[rows, order],
        r=bodies.r[rows, order],
        wider=bodies.wider[rows, order],
        reach=bodies.reach[rows, order],
    )
    centres, placed = np.zeros((2, *order.shape)), np.zeros(len(lanes), bool)
    for start in range(0, len(lanes), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        centres[:, some], placed[some] = _attempts(bodies.take(some), streams, lanes[some], FIRST, world)
    left = np.flatnonzero(~placed)
    if len(left):
        ahead, positions = Ahead(streams, lanes[left]), np.arange(len(left))
        centres[:, left], placed[left] = _attempts(bodies.take(left), ahead, positions, MAX_ATTEMPTS - FIRST, world)
        for k in positions.tolist():
            ahead.finish(k)
    in_order = np.empty_like(centres)
    in_order[:, rows, order] = centres
    return in_order, placed


def _attempts(bodies: Bodies, draws: Draws, lanes: Ints, count: int, world: World) -> tuple[Floats, Bools]:
    """Some attempts in each of n scenes: (2, n, B) centres, and (n,) whether one succeeded."""
    centres, placed = np.zeros((2, *bodies.r.shape)), np.zeros(len(lanes), bool)
    left, lines = np.arange(len(lanes)), lines_of(bodies, world)
    for _ in range(count):
        found, done = _attempt(bodies, lines, draws, lanes[left], world)
        if not done.any():
            continue
        centres[:, left[done]], placed[left[done]] = found[:, done], True
        left = left[~done]
        if not len(left):
            break
        bodies, lines = bodies.take(~done), [line.take(~done) for line in lines]
    return centres, placed


def _attempt(bodies: Bodies, lines: list[Lines], draws: Draws, lanes: Ints, world: World) -> tuple[Floats, Bools]:
    """One attempt from an empty canvas in each of n scenes: (2, n, B) centres and (n,) whether it succeeded."""
    centres = np.zeros((2, *bodies.r.shape))
    regions, placed = draw_regions(bodies, lines, draws, lanes, world)
    numbers = (bodies.r > 0).sum(axis=1)
    for k in range(numbers.max(initial=0)):
        rows = np.flatnonzero(placed & (numbers > k))
        if not len(rows):
            break
        gaps = _squared_gaps(bodies, rows, k, world.spacing)
        found, done = _free(regions[..., k][:, rows], centres[:, rows, :k], gaps, draws, lanes[rows])
        centres[:, rows, k] = found
        placed[rows[~done]] = False
    return centres, placed


def _squared_gaps(bodies: Bodies, rows: Ints, k: int, spacing: Spacing) -> Floats:
    """(m, k) the square of the least distance between body k and each of those before it."""
    r, wider = bodies.r[rows, k, None], bodies.wider[rows, k, None]
    gaps = spacing.things * (r + bodies.r[rows, :k]) + wider * r + bodies.wider[rows, :k] * bodies.r[rows, :k]
    gaps += spacing.margin
    squares: Floats = gaps * gaps
    return squares


def _free(region: Floats, taken: Floats, gaps: Floats, draws: Draws, lanes: Ints) -> tuple[Floats, Bools]:
    """A random position in each region outside all circles taken.

    Args:
        region: (2, m, 2) the least and greatest x and y.
        taken: (2, m, k) centres of the circles.
        gaps: (m, k) their squared radii.
        draws: the generators.
        lanes: (m,) those of the scenes.

    Returns:
        (2, m) x and y, and (m,) whether one was found.
    """
    found, done = np.zeros((2, len(lanes))), np.zeros(len(lanes), bool)
    left = np.flatnonzero(_has_room(region, taken, gaps))
    start = 0
    for tries in TRIES if gaps.shape[1] and len(lanes) > FEW else (MAX_TRIES if gaps.shape[1] else 1,):
        if not len(left):
            break
        numbers = draws.peek(lanes[left], 2 * start, 2 * tries).reshape(tries, 2, -1)
        candidates, free = _candidates(numbers, region[:, left], taken[:, left], gaps[left])
        first, here = free.argmax(axis=0), free.any(axis=0)
        found[:, left[here]] = candidates[first, :, np.arange(len(left))][here].T
        done[left[here]] = True
        left, start = left[~here], start + tries
    draws.skip(lanes, 2 * MAX_TRIES)
    return found, done


def _candidates(numbers: Floats, region: Floats, taken: Floats, gaps: Floats) -> tuple[Floats, Bools]:
    """(t, 2, m) positions in the regions, and (t, m) whether each is outside all circles."""
    low, high = region[0].T, region[1].T
    places = low + numbers * (high - low)
    free = np.ones((len(numbers), len(gaps)), bool)
    for k in range(gaps.shape[1]):
        x, y = places[:, 0] - taken[0, :, k], places[:, 1] - taken[1, :, k]
        x *= x
        y *= y
        x += y
        free &= x >= gaps[:, k]
    return places, free


def _has_room(region: Floats, taken: Floats, gaps: Floats) -> Bools:
    """(m,) False where one circle covers the whole region, so that every candidate would be refused."""
    room = np.ones(len(gaps), bool)
    for k in range(gaps.shape[1]):
        farthest = np.abs(region - taken[:, :, k].T).max(axis=0)  # (m, 2)
        farthest *= farthest
        room &= farthest[:, 0] + farthest[:, 1] >= gaps[:, k] * SURELY
    return room
