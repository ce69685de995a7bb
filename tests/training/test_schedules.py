"""Schedules start, stop and rise as they say."""

import math
from itertools import pairwise, product

import pytest
import torch
from support import TINY
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LinearLR, SequentialLR

from cvae_lightning.training import Cosine, Cyclical, Exponential, LearningRateSchedule, Linear


@pytest.mark.parametrize("kind", [Linear, Cosine])
def test_a_ramp_goes_from_start_to_stop_and_stays(kind) -> None:
    ramp = kind(start=0.2, stop=0.8, length=10)
    assert ramp(0) == pytest.approx(0.2)
    assert ramp(5) == pytest.approx(0.5)
    assert ramp(10) == ramp(1e9) == ramp(math.inf) == pytest.approx(0.8)
    values = [ramp(epoch / 10) for epoch in range(110)]
    assert values == sorted(values)


def test_linear_is_straight_and_cosine_is_gentle_at_both_ends() -> None:
    assert Linear(length=10)(1) == pytest.approx(0.1)
    assert Cosine(length=10)(1) == pytest.approx(0.5 - 0.5 * math.cos(0.1 * math.pi))


def test_a_ramp_of_no_length_is_over_at_once() -> None:
    assert Linear(length=0)(0) == 1.0


def test_exponential_takes_equal_ratios_in_equal_times() -> None:
    for start, stop in [(0.003, 1.0), (2.0, 0.5), (0.7, 0.7), (1e-12, 1e6)]:
        ramp = Exponential(start, stop, length=8)
        values = [ramp(epoch) for epoch in range(9)]
        ratios = [after / before for before, after in pairwise(values)]
        assert ratios == pytest.approx([(stop / start) ** (1 / 8)] * 8)
        assert values[0] == pytest.approx(start)
        assert ramp(8) == ramp(1e9) == ramp(math.inf) == pytest.approx(stop)
        assert ramp(4) == pytest.approx(math.sqrt(start * stop))
        assert all(0 <= ramp.ramp(epoch) <= 1 for epoch in (0, 0.1, 7.9, 8, 99))


def test_exponential_ramps_of_no_length_or_hardly_any_ratio_end_where_they_should() -> None:
    assert Exponential(length=0)(0) == 1.0
    start, stop = 1.9, math.nextafter(1.9, 2)
    assert start <= Exponential(start, stop)(5) <= stop


@pytest.mark.parametrize(("start", "stop"), [(0.0, 1.0), (1.0, 0.0)])
def test_exponential_cannot_begin_or_end_at_zero(start: float, stop: float) -> None:
    with pytest.raises(ValueError, match=f"from {start} to {stop}: expected both above 0"):
        Exponential(start, stop)


def test_cycles_rise_hold_and_start_again_until_they_stay() -> None:
    cycle = Cyclical(length=4, rising=0.5, cycles=2)
    assert [cycle(epoch) for epoch in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)] == [0, 0.5, 1, 1, 0, 0.5, 1, 1, 1, 1]
    assert cycle(math.inf) == 1


@pytest.mark.parametrize("kind", [Linear, Exponential])
def test_impossible_numbers_are_refused(kind) -> None:
    for name, value in product(("start", "stop", "length"), (-1.0, math.nan, math.inf)):
        with pytest.raises(ValueError, match=rf"schedule\.{name} is {value}"):
            kind(**{name: value})


def test_the_learning_rate_warms_up_and_comes_down() -> None:
    factor = LearningRateSchedule(warmup=10, decay=True, floor=0.1)
    assert [factor(step, 110) for step in (0, 4, 9, 10)] == [0.1, 0.5, 1.0, 1.0]
    assert factor(60, 110) == pytest.approx(0.55)
    assert factor(110, 110) == factor(500, 110) == pytest.approx(0.1)
    assert LearningRateSchedule()(0, 100) == LearningRateSchedule()(99, 100) == 1.0
    with pytest.raises(ValueError, match="warmup -1"):
        LearningRateSchedule(warmup=-1)


@pytest.mark.parametrize(("warmup", "floor", "total"), [(200, 0.02, 4680), (100, 0.02, 4680), (10, 0.0, 110)])
def test_the_learning_rate_is_that_of_torchs_schedulers(warmup: int, floor: float, total: int) -> None:
    ours, theirs = (torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2e-3) for _ in range(2))
    schedule = LearningRateSchedule(warmup, decay=True, floor=floor)
    our_scheduler = LambdaLR(ours, lambda step: schedule(step, total))
    rise = LinearLR(theirs, start_factor=1 / warmup, total_iters=warmup - 1)
    fall = CosineAnnealingLR(theirs, T_max=total - warmup, eta_min=floor * 2e-3)
    their_scheduler = SequentialLR(theirs, [rise, fall], milestones=[warmup])
    for step in range(total):
        assert ours.param_groups[0]["lr"] == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-9, abs=1e-15), step
        for optimizer, scheduler in ((ours, our_scheduler), (theirs, their_scheduler)):
            optimizer.step()
            scheduler.step()


@pytest.mark.slow
def test_a_longer_resumed_run_says_that_its_learning_rate_rises(command, tmp_path) -> None:
    done = command("train", *TINY, "lr_scheduler=cosine", "lr_scheduler.warmup=2", "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "learning rate" not in done.stdout
    longer = command("train", f"resume={tmp_path / 'run'}", "trainer.max_epochs=4", cwd=tmp_path)
    assert longer.returncode == 0, longer.stderr
    assert "the learning rate rises from 2e-06 to 5.43e-05" in longer.stdout
    assert "over the 48 steps" in longer.stdout
