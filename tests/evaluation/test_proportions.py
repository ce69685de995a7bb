"""Wilson's interval is the published one."""

import numpy as np
import pytest

from cvae_lightning.evaluation.proportions import Tally, wilson


@pytest.mark.parametrize(
    ("passed", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_values_of_newcombe_1998_table_1(passed: int, of: int, low: float, high: float) -> None:
    assert wilson(passed, of) == pytest.approx((low, high), abs=5e-5)


def test_the_ends_solve_the_equation_of_the_score_test() -> None:
    """An end p is where the share lies 1.96 of p's own standard errors away."""
    for passed, of in ((3, 10), (200, 512), (511, 512)):
        for end in wilson(passed, of):
            assert abs(passed / of - end) == pytest.approx(1.959964 * (end * (1 - end) / of) ** 0.5, rel=1e-6)


def test_failures_mirror_successes_and_the_ends_are_exact() -> None:
    for of in (1, 7, 512):
        for passed in {0, 1, of // 2, of}:
            low, high = wilson(passed, of)
            mirrored = wilson(of - passed, of)
            assert (1 - high, 1 - low) == pytest.approx(mirrored)
            assert 0 <= low <= passed / of <= high <= 1
        assert wilson(0, of)[0] == 0
        assert wilson(of, of)[1] == 1


def test_it_holds_the_truth_about_as_often_as_it_says() -> None:
    passed = np.random.default_rng(0).binomial(100, 0.2, 2000)
    ends = np.array([wilson(int(k), 100) for k in passed])
    assert ((ends[:, 0] <= 0.2) & (ends[:, 1] >= 0.2)).mean() == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize(("passed", "of"), [(0, 0), (3, 2), (-1, 2)])
def test_a_share_of_nothing_is_an_error(passed: int, of: int) -> None:
    with pytest.raises(ValueError, match=f"{passed} in {of}"):
        wilson(passed, of)


def test_a_tally_counts_the_answers_that_there_are() -> None:
    assert Tally.over([True, None, False, True]) == Tally(2, 3)
    assert Tally(2, 3).plain()["share"] == pytest.approx(2 / 3)
