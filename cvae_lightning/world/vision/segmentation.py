"""Connected pixels: which pixels of a stack of images belong together, and how regions take in their soft edges.

Labelling is SciPy's. Growing is our own: on 2,000 images of 64 px (rendered, then blurred, noisy or compressed),
``skimage.segmentation.expand_labels`` measures Euclidean distances, so its regions differ in every image, and takes
331 us per image where ``grow`` takes 27; ``scipy.ndimage.distance_transform_cdt``, which measures along pixel sides
as ``grow`` does, settles ties in another way (987 images differ) and takes 139 us.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

# Pixels connect through their sides, and never to another image of the stack.
_NEIGHBOURS = np.zeros((3, 3, 3), bool)
_NEIGHBOURS[1] = [[False, True, False], [True, True, True], [False, True, False]]


def label(mask: Bools) -> tuple[Ints, int]:
    """Number the connected regions of a stack of masks; pixels connect through their sides.

    Args:
        mask: (N, H, W).

    Returns:
        (N, H, W) the number of each pixel's region, from 1, in the order of their first pixels, and 0 outside
        all regions; and the number of regions.

    >>> labels, count = label(np.array([[[True, False, True]]]))
    >>> labels.tolist(), count
    ([[[1, 0, 2]]], 2)
    """
    from scipy import ndimage  # here, because it takes long to import and every command reads this module

    labels = np.empty(mask.shape, np.int64)  # (N, H, W)
    return labels, int(ndimage.label(mask, _NEIGHBOURS, output=labels))


def grow(labels: Ints, steps: int) -> None:
    """Grow regions by a number of pixels, through pixel sides into free pixels (0), in place.

    A free pixel goes to the region that reaches it first.

    Args:
        labels: (N, H, W) as ``label`` gives them; the outermost rows and columns are 0 and stay 0.
        steps: how many pixels to grow by.

    Raises:
        ValueError: a region reaches the outermost rows or columns.
    """
    if labels[:, [0, -1]].any() or labels[:, :, [0, -1]].any():
        raise ValueError("a region reaches its border: expected the outermost rows and columns to be 0")
    width = labels.shape[2]
    labels[:, [0, -1]] = labels[:, :, [0, -1]] = -1
    flat = labels.reshape(-1)  # (N * H * W)
    front = np.flatnonzero(flat > 0)
    for _ in range(steps):
        reached = []
        for step in (-width, -1, 1, width):
            free = flat[front + step] == 0
            reached.append(front[free] + step)
            flat[reached[-1]] = flat[front[free]]
        front = np.concatenate(reached)
    labels[:, [0, -1]] = labels[:, :, [0, -1]] = 0
