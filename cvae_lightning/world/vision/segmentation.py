"""Connected pixels: which pixels of a stack of images belong together.

A row of pixels is cut into runs; runs that touch in neighbouring rows are joined until nothing changes.
A whole stack is labelled at once, and every step is an array operation over all its runs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


def label(mask: Bools) -> tuple[Ints, int]:
    """Number the connected regions of a stack of masks; pixels connect through their sides.

    Args:
        mask: (N, H, W); its outermost rows and columns are False.

    Returns:
        (N, H, W) the number of each pixel's region from 1 on, in the order of their first pixels, and 0
        outside; and how many regions there are.

    Raises:
        ValueError: the mask reaches its border.
    """
    if mask[:, [0, -1]].any() or mask[:, :, [0, -1]].any():
        raise ValueError("mask reaches its border: expected its outermost rows and columns to be False")
    changes = np.flatnonzero(np.diff(mask.ravel().view(np.int8))) + 1
    starts, ends = changes[::2], changes[1::2]
    roots = _joined(*_touching(starts, ends, mask.shape[2]), len(starts))
    numbers = np.cumsum(roots == np.arange(len(roots)))
    labels = np.zeros(mask.size, np.int64)
    labels[mask.ravel()] = np.repeat(numbers[roots], ends - starts)
    return labels.reshape(mask.shape), int(numbers[-1]) if len(numbers) else 0


def grow(labels: Ints, steps: int) -> None:
    """Let regions grow by some pixels through their sides into free ones (0), in place.

    A free pixel goes to the region that reaches it first.

    Args:
        labels: (N, H, W) as in ``label``; the outermost rows and columns stay free.
        steps: how many pixels to grow by.
    """
    width = labels.shape[2]
    labels[:, [0, -1]] = labels[:, :, [0, -1]] = -1
    flat = labels.reshape(-1)
    front = np.flatnonzero(flat > 0)
    for _ in range(steps):
        reached = []
        for step in (-width, -1, 1, width):
            free = flat[front + step] == 0
            reached.append(front[free] + step)
            flat[reached[-1]] = flat[front[free]]
        front = np.concatenate(reached)
    labels[:, [0, -1]] = labels[:, :, [0, -1]] = 0


def _touching(starts: Ints, ends: Ints, width: int) -> tuple[Ints, Ints]:
    """Every pair of runs that touch in neighbouring rows.

    Args:
        starts, ends: (R) the first pixel of each run and the one after its last.
        width: the pixels in a row.
    """
    low = np.searchsorted(ends, starts + width, side="right")
    high = np.searchsorted(starts, ends + width, side="left")
    counts = np.maximum(high - low, 0)
    upper = np.repeat(np.arange(len(starts)), counts)
    lower = np.arange(len(upper)) + np.repeat(low - (np.cumsum(counts) - counts), counts)
    return upper, lower


def _joined(one: Ints, other: Ints, count: int) -> Ints:
    """The first member of the set of each of ``count`` members, when ``one[k]`` and ``other[k]`` are together."""
    roots = np.arange(count)
    while True:
        first, second = roots[one], roots[other]
        apart = first != second
        if not apart.any():
            return roots
        one, other = one[apart], other[apart]
        first, second = first[apart], second[apart]
        np.minimum.at(roots, np.maximum(first, second), np.minimum(first, second))
        while (shorter := roots[roots]).tobytes() != roots.tobytes():
            roots = shorter
