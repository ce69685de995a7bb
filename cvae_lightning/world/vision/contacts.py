"""Which things touch another one or the border, by the outlines that were fitted to them.

The gap between two convex outlines is the largest distance, over all directions, between the two lines that are
perpendicular to the direction and touch one outline each. A shape that is not convex counts as its convex hull.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.vision.fitted import FittedThings, Floats, Ints
from cvae_lightning.world.world import World

# Least gap, as a fraction of the side: a quarter of a pixel at 64 px. Things of the default world are at least 0.014
# apart and 0.0135 from the border, and the fitted outlines are right to 0.003.
MIN_GAP = 0.004
# Over so many directions the gap is right to 0.1 % of the distance of the centres.
DIRECTIONS = 64

_ANGLES = np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False)
_UNITS = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)  # (D, 2)
_RIGHT, _DOWN, _LEFT, _UP = (DIRECTIONS * quarter // 4 for quarter in range(4))


@cache
def extents(world: World) -> Floats:
    """(H, D) how far each of a world's H shapes of radius 1 reaches from its centre in D directions."""
    rows = [
        (_UNITS @ np.array(corners).T).max(axis=1) if corners else np.ones(DIRECTIONS)
        for corners in world.shapes.values()
    ]
    return np.stack(rows)


def touching(things: FittedThings, side: float, world: World) -> NDArray[np.bool_]:
    """(K) whether each thing touches another one or the border.

    Args:
        things: K things.
        side: of the canvas in pixels.
        world: whose shapes they have.
    """
    least = MIN_GAP * side
    reach = things.r[:, None] * extents(world)[things.shape]  # (K, D)
    inside = (things.x - reach[:, _LEFT], things.y - reach[:, _UP])
    beyond = (side - things.x - reach[:, _RIGHT], side - things.y - reach[:, _DOWN])
    touches: NDArray[np.bool_] = np.min([*inside, *beyond], axis=0) < least
    first, second = _neighbours(things, reach)
    apart = np.stack([things.x[second] - things.x[first], things.y[second] - things.y[first]], axis=1)  # (P, 2)
    facing = np.roll(reach, DIRECTIONS // 2, axis=1)  # (K, D) in the opposite directions
    gap = (apart @ _UNITS.T - reach[first] - facing[second]).max(axis=1, initial=-np.inf)  # (P)
    near = gap < least
    touches[first[near]] = touches[second[near]] = True
    return touches


def _neighbours(things: FittedThings, reach: Floats) -> tuple[Ints, Ints]:
    """The pairs of things of one image whose circles around the outlines overlap."""
    first, second = np.triu_indices(len(things.image), 1)
    same = things.image[first] == things.image[second]
    first, second = first[same], second[same]
    farthest = reach.max(axis=1)
    away = np.hypot(things.x[first] - things.x[second], things.y[first] - things.y[second])
    near = away < 1.1 * (farthest[first] + farthest[second]) + 1
    return first[near], second[near]
