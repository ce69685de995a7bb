"""A benchmark's numbers mean what they say; no test measures time."""

import math
from pathlib import Path

import numpy as np
import pytest

from cvae_lightning.errors import UserError
from cvae_lightning.training.precision import Hardware
from cvae_lightning.training.speed.alternate import Variant, alternate
from cvae_lightning.training.speed.ratios import speed_ratio
from cvae_lightning.training.speed.variants import COMPARISONS, of_revision, variants

HARDWARE = Hardware("cpu", "32-true", True)


def test_the_ratio_is_of_pairs() -> None:
    """A machine that slows down for some rounds slows both down, and the ratio stays."""
    disturbed = np.random.default_rng(0).uniform(1, 50, 31)
    ratio = speed_ratio(list(2 * disturbed), list(disturbed))
    assert all(math.isclose(value, 2.0) for value in ratio)


def test_the_interval_holds_the_median_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(2000):
        ratio = speed_ratio(rng.lognormal(0, 1, 12).tolist(), [1.0] * 12)
        held += ratio.low <= 1 <= ratio.high
    assert 0.94 <= held / 2000 <= 0.985


def test_unpaired_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="expected equally many"):
        speed_ratio([1.0], [1.0, 2.0])


def test_each_comparison_changes_one_thing() -> None:
    given, *others = variants(["seed=1"], HARDWARE, COMPARISONS)
    assert given == Variant(name="train", arguments=("seed=1",))
    assert len({(each.arguments, each.loop, each.threads) for each in others}) == len(others) >= len(COMPARISONS)
    for each in others:
        changed = len(each.arguments) - 1 + (each.loop != "command") + (each.threads is not None)
        assert changed == 1, each


def test_an_unknown_revision_is_a_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no_such_revision"):
        of_revision(Variant(name="train", arguments=()), "no_such_revision", tmp_path / "code")


@pytest.mark.e2e
def test_a_training_that_ends_early_says_why(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="lr=-1"):
        alternate([Variant(name="wrong", arguments=("optimizer.lr=-1",))], 1, 0, tmp_path / "runs")
