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

FIRST = ((1, 4096), (2, 4096), (8, 4096))
"""Numbers of attempts, and for how many scenes they are made together: their arrays stay in the processor's cache."""
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
        (2, B, n) x and y, and (n,) whether an attempt could place all bodies of a scene.
    """
    order = np.argsort(-bodies.r, axis=0, kind="stable")  # the largest first; fillers last
    scenes = np.arange(len(lanes))
    bodies = replace(
        bodies,
        group=bodies.group[order, scenes],
        r=bodies.r[order, scenes],
        wider=bodies.wider[order, scenes],
        reach=bodies.reach[:, :, order, scenes],
    )
    centres, placed = np.zeros((2, *order.shape)), np.zeros(len(lanes), bool)
    for attempts, at_once in FIRST:
        left = (~placed).nonzero()[0]
        for some in np.split(left, range(at_once, len(left), at_once)):
            centres[..., some], placed[some] = _attempts(bodies.take(some), streams, lanes[some], attempts, world)
    left = (~placed).nonzero()[0]
    if len(left):
        ahead, positions = Ahead(streams, lanes[left]), np.arange(len(left))
        rest = MAX_ATTEMPTS - sum(attempts for attempts, _ in FIRST)
        centres[..., left], placed[left] = _attempts(bodies.take(left), ahead, positions, rest, world)
        ahead.finish()
    in_order = np.empty_like(centres)
    in_order[:, order, scenes] = centres
    return in_order, placed


def _attempts(bodies: Bodies, draws: Draws, lanes: Ints, count: int, world: World) -> tuple[Floats, Bools]:
    """Some attempts in each of n scenes: (2, B, n) centres, and (n,) whether one succeeded."""
    centres, placed = np.zeros((2, *bodies.r.shape)), np.zeros(len(lanes), bool)
    left, lines = np.arange(len(lanes)), lines_of(bodies, world)
    for _ in range(count):
        found, done = _attempt(bodies, lines, draws, lanes[left], world)
        if not done.any():
            continue
        centres[..., left[done]], placed[left[done]] = found[..., done], True
        left = left[~done]
        if not len(left):
            break
        bodies, lines = bodies.take(~done), [line.take(~done) for line in lines]
    return centres, placed


def _attempt(bodies: Bodies, lines: list[Lines], draws: Draws, lanes: Ints, world: World) -> tuple[Floats, Bools]:
    """One attempt from an empty canvas in each of n scenes: (2, B, n) centres and (n,) whether it succeeded."""
    centres = np.empty((2, *bodies.r.shape))
    regions, placed = draw_regions(bodies, lines, draws, lanes, world)
    for k, r in enumerate(bodies.r):
        scenes = (placed & (r > 0)).nonzero()[0]
        if not len(scenes):
            break
        gaps = _squared_gaps(bodies.r[: k + 1, scenes], bodies.wider[: k + 1, scenes], world.spacing)
        found, done = _free(regions[:, :, k, scenes], centres[:, :k, scenes], gaps, draws, lanes[scenes])
        centres[:, k, scenes] = found
        placed[scenes] = done
    return centres, placed


def _squared_gaps(r: Floats, wider: Floats, spacing: Spacing) -> Floats:
    """(k, m) the square of the least distance between the last of k + 1 bodies and each of those before it."""
    gaps: Floats = r[:-1] + r[-1]
    gaps *= spacing.things
    gaps += wider[-1]
    gaps += wider[:-1]
    gaps += spacing.margin
    gaps *= gaps
    return gaps


def _free(region: Floats, taken: Floats, gaps: Floats, draws: Draws, lanes: Ints) -> tuple[Floats, Bools]:
    """A random position in each region outside all circles taken.

    Args:
        region: (2, 2, m) the least and greatest x and y.
        taken: (2, k, m) centres of the circles.
        gaps: (k, m) their squared radii.
        draws: the generators.
        lanes: (m,) those of the scenes.

    Returns:
        (2, m) x and y, and (m,) whether one was found.
    """
    if not len(gaps):
        draws_of_first = draws.peek(lanes, 0, 2)
        draws.skip(lanes, 2 * MAX_TRIES)
        return region[0] + draws_of_first * (region[1] - region[0]), np.ones(len(lanes), bool)
    found, done = np.zeros((2, len(lanes))), np.zeros(len(lanes), bool)
    left, start = np.arange(len(lanes)), 0
    still = _has_room(region, taken, gaps)
    for tries in TRIES if len(lanes) > FEW else (MAX_TRIES,):
        if not still.all():
            left, region, taken, gaps = left[still], region[..., still], taken[..., still], gaps[:, still]
            if not len(left):
                break
        numbers = draws.peek(lanes[left], 2 * start, 2 * tries).reshape(tries, 2, -1)
        candidates, free = _candidates(numbers, region, taken, gaps)
        hit: Bools = np.any(free, axis=0)
        still, here = ~hit, hit.nonzero()[0]
        found[:, left[here]] = candidates[free.argmax(axis=0)[here], :, here].T
        done[left[here]] = True
        start += tries
    draws.skip(lanes, 2 * MAX_TRIES)
    return found, done


def _candidates(numbers: Floats, region: Floats, taken: Floats, gaps: Floats) -> tuple[Floats, Bools]:
    """(t, 2, m) positions in the regions, and (t, m) whether each is outside all circles."""
    places = numbers * (region[1] - region[0])
    places += region[0]
    x, y = places[:, 0, None] - taken[0], places[:, 1, None] - taken[1]  # (t, k, m)
    x *= x
    y *= y
    x += y
    return places, (x >= gaps).all(axis=1)


def _has_room(region: Floats, taken: Floats, gaps: Floats) -> Bools:
    """(m,) False where one circle covers the whole region, so that every candidate would be refused."""
    x, y = np.maximum(np.abs(region[0, :, None] - taken), np.abs(region[1, :, None] - taken))  # (k, m)
    x *= x
    y *= y
    x += y
    room: Bools = (x >= gaps * SURELY).all(axis=0)
    return room
