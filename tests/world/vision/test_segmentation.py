"""Regions are those of a flood fill, numbered in order; growing them respects others and the border."""

from __future__ import annotations

import numpy as np
import pytest

from cvae_lightning.world.vision.segmentation import grow, label


def flood(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """The same by filling one region after the other."""
    labels, count = np.zeros(mask.shape, int), 0
    for start in zip(*np.nonzero(mask), strict=True):
        if labels[start]:
            continue
        count += 1
        labels[start], rest = count, [start]
        while rest:
            n, y, x = rest.pop()
            for pixel in ((n, y, x + 1), (n, y, x - 1), (n, y + 1, x), (n, y - 1, x)):
                if mask[pixel] and not labels[pixel]:
                    labels[pixel] = count
                    rest.append(pixel)
    return labels, count


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4, 0.59, 0.7, 0.95, 1.0])
def test_regions_are_those_of_a_flood_fill(share):
    rng = np.random.default_rng(int(100 * share))
    mask = np.pad(rng.random((5, 23, 31)) < share, ((0, 0), (1, 1), (1, 1)))
    labels, count = label(mask)
    expected, number = flood(mask)
    assert count == number
    assert (labels == expected).all()


def test_a_spiral_is_one_region():
    rows = ["#######", "......#", "#####.#", "#...#.#", "#.###.#", "#.....#", "#######"]
    mask = np.pad(np.array([[cell == "#" for cell in row] for row in rows]), 1)[None]
    assert label(mask)[1] == 1


def test_masks_may_reach_their_border_and_images_of_a_stack_are_apart():
    labels, count = label(np.ones((2, 3, 3), bool))
    assert count == 2
    assert (labels == np.array([1, 2])[:, None, None]).all()


def test_a_region_that_grows_must_not_reach_its_border():
    with pytest.raises(ValueError, match="reaches its border"):
        grow(np.ones((1, 3, 3), np.int64), 1)


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_free_pixels_go_to_the_nearest_region_within_reach(steps):
    seeds = {1: (2, 0), 2: (2, 4), 3: (4, 2)}
    labels = np.zeros((2, 8, 8), np.int64)
    for number, (y, x) in seeds.items():
        labels[1, y + 1, x + 1] = number
    grow(labels, steps)
    assert not labels[0].any()
    assert not labels[:, [0, -1]].any()
    assert not labels[:, :, [0, -1]].any()
    for (y, x), owner in np.ndenumerate(labels[1, 1:-1, 1:-1]):
        far = {number: abs(y - v) + abs(x - u) for number, (v, u) in seeds.items()}
        nearest = {number for number in far if far[number] == min(far.values()) <= steps}
        assert owner in (nearest or {0})
