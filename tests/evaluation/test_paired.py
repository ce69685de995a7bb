"""Two models on the same captions: closed forms equal the library's, and published examples come out."""

import itertools

import numpy as np
import pytest
from scipy.stats import binomtest

from cvae_lightning.evaluation.paired import PairedTable, difference_interval, holm, mcnemar
from cvae_lightning.evaluation.proportions import wilson


@pytest.mark.parametrize(("first", "second"), list(itertools.product((0, 1, 2, 7, 30), repeat=2)))
def test_the_p_value_is_scipys(first: int, second: int) -> None:
    expected = binomtest(first, first + second).pvalue if first + second else 1.0
    assert mcnemar(PairedTable(400, first, second, 3)) == pytest.approx(expected, rel=1e-12)


def test_what_both_models_have_in_common_does_not_change_the_p_value() -> None:
    assert mcnemar(PairedTable(0, 3, 11, 0)) == mcnemar(PairedTable(10_000, 3, 11, 70))


def test_the_interval_is_the_published_one() -> None:
    """Airway hyper-responsiveness of Bentur et al. 2009, as in Fagerland, Lydersen and Laake 2014, table 3."""
    low, high = difference_interval(PairedTable(1, 7, 1, 12))
    assert (round(low, 3), round(high, 3)) == (-0.507, -0.026)


def test_exchanged_models_have_the_opposite_interval() -> None:
    low, high = difference_interval(PairedTable(450, 9, 30, 11))
    assert difference_interval(PairedTable(450, 30, 9, 11)) == pytest.approx((-high, -low), abs=1e-12)


def test_models_that_never_differ_are_not_known_to_be_equal() -> None:
    low, high = difference_interval(PairedTable(500, 0, 0, 12))
    assert low < 0 < high
    assert high < 0.01


def test_without_correlation_it_is_the_interval_of_two_samples() -> None:
    """Newcombe's method 10 for independent shares: the ends of two Wilson intervals, squared and added."""
    table = PairedTable(40, 40, 10, 10)  # phi is 0
    (low_b, high_b), (low_a, high_a) = wilson(50, 100), wilson(80, 100)
    expected = (-0.3 - np.hypot(0.5 - low_b, high_a - 0.8), -0.3 + np.hypot(high_b - 0.5, 0.8 - low_a))
    assert difference_interval(table) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("shares", "both"), [((0.9, 0.9), 0.87), ((0.97, 0.93), 0.92), ((0.5, 0.6), 0.4)])
def test_it_covers_the_truth_nineteen_times_in_twenty(shares: tuple[float, float], both: float) -> None:
    first, second = shares
    cells = [both, first - both, second - both, 1 - first - second + both]
    tables = np.random.default_rng(0).multinomial(256, cells, size=1000)
    intervals = [difference_interval(PairedTable(*map(int, table))) for table in tables]
    covered = np.mean([low <= second - first <= high for low, high in intervals])
    assert 0.93 < covered < 0.985


def test_tables_count_pairs_of_verdicts() -> None:
    table = PairedTable.over([(True, True), (True, False), (False, True), (False, True), (False, False)])
    assert table == PairedTable(1, 1, 2, 1)
    assert (table.of, table.difference) == (5, 0.2)


def test_holm_never_lowers_and_keeps_the_order() -> None:
    given = [0.04, 0.001, 0.03, 0.9]
    corrected = holm(given)
    assert corrected == pytest.approx([0.09, 0.004, 0.09, 0.9])
    assert np.argsort(corrected, kind="stable").tolist() == [1, 0, 2, 3]
