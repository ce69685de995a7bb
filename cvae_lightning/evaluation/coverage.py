"""Diversity given the caption: do images use all positions that real scenes of the same meaning use?

An image of a meaning is the vector of its objects' centres: group after group in the caption's order, inside a
group from left to right. Real vectors and a model's are compared by two numbers, each with the value that as
many other real scenes get, so that their ratio is 1 for a model that places objects as the world does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world import Detection, Meaning

Floats = NDArray[np.float64]

NEIGHBOURS = 5
"""k of the coverage, as in Naeem et al. 2020."""


def positions(things: Sequence[Detection], meaning: Meaning) -> Floats:
    """(2 n,) the centres of the n objects of an image that passes, as fractions of the side."""
    groups = meaning.named(things)
    return np.array([(t.x, t.y) for group in groups for t in sorted(group, key=lambda t: (t.x, t.y))]).ravel()


def coverage(real: Floats, made: Floats, k: int = NEIGHBOURS) -> float:
    """The share of real points with a made one no farther than its k-th real neighbour.

    Naeem et al. 2020, *Reliable Fidelity and Diversity Metrics for Generative Models*, section 3. Where both
    are as many draws of one distribution it is about 1 - 2^-k.

    Args:
        real: (N, D) with N above k.
        made: (M, D).

    Raises:
        ValueError: there are no more than k real points.
    """
    if len(real) <= k:
        raise ValueError(f"coverage by {k} neighbours of {len(real)} real points: expected at least {k + 1}")
    among = np.sort(_distances(real, real), axis=1)[:, k]  # the nearest is the point itself
    return float((_distances(real, made).min(axis=1, initial=np.inf) <= among).mean())


def spread(points: Floats) -> float:
    """The root mean square distance of points (N, D) from their mean."""
    return float(np.sqrt(np.square(points - points.mean(axis=0)).sum(axis=1).mean()))


def _distances(first: Floats, second: Floats) -> Floats:
    """(N, M) distances between points (N, D) and (M, D)."""
    distances: Floats = np.linalg.norm(first[:, None] - second[None], axis=-1)
    return distances
