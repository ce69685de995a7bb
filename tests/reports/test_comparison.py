"""The best of a sweep is called best only where the sweep shows it."""

from pathlib import Path

import pytest
import yaml
from support import ROOT
from support.fake_sweep import write_job, write_sweep

from cvae_lightning.evaluation.proportions import wilson
from cvae_lightning.reports.comparison import claim, estimates
from cvae_lightning.reports.sweep_pictures import curve_keys, settings_text
from cvae_lightning.sweeps import Sweep, criterion, read_sweep
from cvae_lightning.sweeps.ranking import DEFAULT


def sweep_of(folder: Path, shares: list[float], count: int | None, metric: str = DEFAULT) -> Sweep:
    for number, share in enumerate(shares):
        config = {"objective": {"beta": number + 1}, "callbacks": {"judge_samples": count and {"count": count}}}
        write_job(folder / str(number), [f"objective.beta={number + 1}"], {metric: share}, config)
    return read_sweep(folder)


def test_a_difference_within_the_intervals_is_not_a_best_job(tmp_path: Path) -> None:
    """240 of 256 samples beside 238 of 256."""
    sweep = sweep_of(tmp_path, [0.9296875, 0.9375, 0.5], 256)
    best, second, _ = estimates(sweep, criterion(sweep))
    assert (best.low, best.high) == pytest.approx((0.9009, 0.9611), abs=1e-4)
    assert second.high > best.low
    text = claim(sweep, criterion(sweep))
    assert text.startswith("The highest: beta=2 with 0.9375 (0.9009 to 0.9612, 95 % interval).")
    assert "does not show that it is best" in text
    assert text.endswith("overlap with those of beta=1.")


def test_a_clear_difference_is_a_best_job(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path, [0.7, 0.95, 0.5], 256)
    assert claim(sweep, criterion(sweep)).startswith("Best: beta=2 with 0.95 (")


def test_many_rivals_are_counted(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path, [0.9] * 10, 256)
    assert claim(sweep, criterion(sweep)).endswith("; 4 more.")


def test_without_an_interval_nothing_is_claimed(tmp_path: Path) -> None:
    sweep = sweep_of(tmp_path, [3.0, 2.0], None, "val/distortion")
    text = claim(sweep, criterion(sweep, "val/distortion"))
    assert text.startswith("The lowest: beta=2 with 2.")
    assert "repeat the best settings with other seeds" in text


def test_seeds_give_the_interval_where_a_setting_was_repeated(tmp_path: Path) -> None:
    sweep = read_sweep(write_sweep(tmp_path / "grid"))
    best = estimates(sweep, criterion(sweep))[0]
    assert str(best) == "beta=4, latent_dim=8 with 0.85 (0.8 to 0.9, lowest and highest of 2 seeds)"
    assert claim(sweep, criterion(sweep)).startswith("Best: beta=4, latent_dim=8")
    assert claim(sweep, criterion(sweep, "val/rate")).startswith("Best: beta=16, latent_dim=8")


def test_pictures_name_settings_and_not_job_numbers(tmp_path: Path) -> None:
    sweep = read_sweep(write_sweep(tmp_path / "grid"))
    assert settings_text(sweep.jobs[4]) == "beta=4, latent_dim=8, seed=0"
    assert settings_text(sweep.jobs[4], without=["objective.beta"]) == "latent_dim=8, seed=0"
    assert curve_keys(sweep.jobs) == ["objective.beta", "model.latent_dim"]


def test_a_search_optimises_what_the_report_compares_by() -> None:
    """By ``val/loss_at_beta`` a search over beta would end at the smallest one."""
    options = yaml.safe_load((ROOT / "conf" / "hydra" / "sweeper" / "optuna.yaml").read_text())
    assert options["objectives"] == [f"maximize {DEFAULT}"]


def test_the_interval_of_repeated_settings_includes_that_of_their_samples(tmp_path: Path) -> None:
    for number, share in enumerate((0.9, 0.92)):
        config = {"seed": number, "callbacks": {"judge_samples": {"count": 100}}}
        write_job(tmp_path / str(number), [f"seed={number}"], {DEFAULT: share}, config)
    sweep = read_sweep(tmp_path)
    (only,) = estimates(sweep, criterion(sweep))
    assert (only.low, only.high) == pytest.approx((wilson(90, 100)[0], wilson(92, 100)[1]))
    assert only.basis == "95 % interval of each of 2 seeds"
