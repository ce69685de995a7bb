"""Best first, whichever way is better; cells and groups are means over seeds."""

from pathlib import Path

import pytest
from support.fake_sweep import SHARE, write_job, write_study, write_sweep

from cvae_lightning.errors import UserError
from cvae_lightning.sweeps import Criterion, Sweep, best_first, criterion, maps, read_sweep, seed_groups


@pytest.fixture(scope="module")
def sweep(tmp_path_factory) -> Sweep:
    return read_sweep(write_sweep(tmp_path_factory.mktemp("fake") / "grid"))


def test_the_best_job_is_first_and_the_worst_last(sweep: Sweep) -> None:
    ranked = best_first(sweep, criterion(sweep))
    assert [job.name for job in ranked[:3]] == ["4", "5", "1"]
    assert ranked[-1].name == "9"
    assert len(ranked) == 10


def test_turning_the_direction_turns_the_order(sweep: Sweep) -> None:
    up, down = (best_first(sweep, criterion(sweep, "val/consistency/all", mode)) for mode in ("max", "min"))
    assert [job.metrics["val/consistency/all"] for job in up] == [
        job.metrics["val/consistency/all"] for job in reversed(down)
    ]


@pytest.mark.parametrize(
    ("metric", "highest"),
    [("val/consistency/all", True), ("val/active_units", True), ("val/rate", False), ("training_minutes", False)],
)
def test_names_say_which_way_is_better(sweep: Sweep, metric: str, highest: bool) -> None:
    assert criterion(sweep, metric) == Criterion(metric, highest)


def test_a_study_says_which_way_is_better(tmp_path: Path) -> None:
    study = read_sweep(write_study(tmp_path / "study"))
    assert criterion(study, "val/oddity").highest
    ranked = best_first(study, criterion(study, "val/oddity"))
    assert [job.name for job in ranked[:2]] == ["6", "13"]


def test_without_judged_samples_the_loss_decides_and_says_so(tmp_path: Path) -> None:
    for number in range(2):
        write_job(tmp_path / str(number), [f"seed={number}"], {"val/loss_at_beta": 2.0 - number}, {"seed": number})
    sweep = read_sweep(tmp_path)
    by = criterion(sweep)
    assert (by.metric, by.highest) == ("val/loss_at_beta", False)
    assert "No job has val/consistency/all" in by.note
    assert best_first(sweep, by)[0].name == "1"


def test_unknown_metrics_and_directions_are_answered(sweep: Sweep) -> None:
    with pytest.raises(UserError, match="nearest is 'val/consistency/all'"):
        criterion(sweep, "val/consistensy/all")
    with pytest.raises(UserError, match="mode=max or mode=min"):
        criterion(sweep, "steps")


def test_groups_join_seeds(sweep: Sweep) -> None:
    found = seed_groups(sweep, criterion(sweep))
    assert [tuple(group.settings.values()) for group in found] == [(4, 8), (1, 8), (1, 16), (4, 16), (16, 8)]
    best = found[0]
    assert (best.mean, best.lowest, best.highest) == pytest.approx((0.85, 0.8, 0.9))
    assert [job.seed for job in best.jobs] == [0, 1]


def test_cells_are_means_over_seeds_and_empty_where_nothing_has_finished(sweep: Sweep) -> None:
    (found,) = maps(sweep, criterion(sweep))
    assert (found.row, found.column) == ("objective.beta", "model.latent_dim")
    assert (found.rows, found.columns) == ((1, 4, 16), (8, 16))
    for beta, line in zip(found.rows, found.cells, strict=True):
        for size, cell in zip(found.columns, line, strict=True):
            values = SHARE.get((beta, size))
            assert cell == (None if values is None else pytest.approx(sum(values) / 2))


def test_a_third_key_has_a_map_a_value(tmp_path: Path) -> None:
    grid = [(prior, beta, size) for prior in ("standard", "flow") for beta in (1, 2, 3) for size in (4, 8, 16)]
    for number, (prior, beta, size) in enumerate(grid):
        share = {"val/consistency/all": beta * size + (prior == "flow")}
        write_job(tmp_path / str(number), [f"prior={prior}", f"beta={beta}", f"size={size}"], share)
    found = maps(read_sweep(tmp_path), Criterion("val/consistency/all", True))
    assert [one.title for one in found] == ["prior=flow", "prior=standard"]
    assert [(one.row, one.column) for one in found] == [("beta", "size")] * 2
    assert found[0].cells == ((5, 9, 17), (9, 17, 33), (13, 25, 49))


def test_what_was_drawn_at_random_has_no_map(tmp_path: Path) -> None:
    study = read_sweep(write_study(tmp_path / "study"))
    assert maps(study, criterion(study, "val/oddity")) == []
