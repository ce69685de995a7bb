"""Coverage by nearest neighbours: closed form for equal distributions, and invariances."""

from math import prod

import numpy as np
import pytest

from cvae_lightning.evaluation.coverage import coverage, positions, spread
from cvae_lightning.world import Detection, parse


def test_points_cover_themselves_and_none_covers_nothing() -> None:
    points = np.random.default_rng(0).random((40, 4))
    assert coverage(points, points) == 1
    assert coverage(points, np.empty((0, 4))) == 0
    assert coverage(points, points + 10) == 0


@pytest.mark.parametrize(("k", "dimensions"), [(1, 2), (3, 2), (5, 6)])
def test_equal_distributions_give_what_naeem_2020_derives(k: int, dimensions: int) -> None:
    """1 - (n-1)...(n-k) / (2n-1)...(2n-k) for n points each, whatever the distribution."""
    rng, n = np.random.default_rng(1), 60
    found = [coverage(rng.normal(size=(n, dimensions)), rng.normal(size=(n, dimensions)), k) for _ in range(200)]
    expected = 1 - prod((n - i) / (2 * n - i) for i in range(1, k + 1))
    assert np.mean(found) == pytest.approx(expected, abs=0.01)


def test_it_is_the_plain_definition() -> None:
    rng = np.random.default_rng(2)
    real, made = rng.random((20, 2)), rng.random((9, 2)) * 0.5
    hit = 0
    for x in real:
        radius = sorted(np.hypot(*(x - y)) for y in real)[5]
        hit += any(np.hypot(*(x - y)) <= radius for y in made)
    assert coverage(real, made) == hit / 20


def test_too_few_real_points_are_an_error() -> None:
    with pytest.raises(ValueError, match="5 real points: expected at least 6"):
        coverage(np.zeros((5, 2)), np.zeros((5, 2)))


def test_spread_is_the_root_of_the_summed_variances() -> None:
    points = np.random.default_rng(3).normal(size=(50, 3)) * (1, 2, 3)
    assert spread(points) == pytest.approx(np.sqrt(points.var(axis=0).sum()))
    assert spread(points + 5) == pytest.approx(spread(points))
    assert spread(2 * points) == pytest.approx(2 * spread(points))


def test_positions_are_in_the_order_of_the_caption_not_of_detection() -> None:
    ball = [Detection("circle", "red", "small", x, y, 0.1, 1) for x, y in ((0.7, 0.8), (0.2, 0.9))]
    box = Detection("square", "blue", "large", 0.5, 0.1, 0.2, 1)
    meaning = parse("a large blue square above 2 small red circles")
    for things in ([box, *ball], [*ball, box], [ball[1], box, ball[0]]):
        assert positions(things, meaning).tolist() == [0.5, 0.1, 0.2, 0.9, 0.7, 0.8]
