"""A sweep says how many of its jobs have ended, how long the others will take, and which is best."""

import json
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from support.fake_sweep import write_sweep

from cvae_lightning.sweeps import watch
from cvae_lightning.sweeps.watch import SweepClock, number_of_jobs


@pytest.mark.parametrize(
    ("task", "params", "expected"),
    [
        (["a=1,2,3", "b=4"], {}, 3),
        (["a=1,2,3", "+b=range(0,4)", "c='x,y'"], {}, 12),
        (["a=7"], {"a": "1,2,3", "b": "1,2"}, 2),
        (["a=glob(*)"], {}, None),
    ],
)
def test_jobs_are_counted_before_they_run(task: list[str], params: dict[str, str], expected: int | None) -> None:
    config = OmegaConf.create({"hydra": {"overrides": {"task": task}, "sweeper": {"params": params}}})
    assert number_of_jobs(config) == expected


def test_a_search_has_as_many_jobs_as_trials() -> None:
    assert number_of_jobs(OmegaConf.create({"hydra": {"overrides": {"task": []}, "sweeper": {"n_trials": 20}}})) == 20


def test_the_line_counts_ended_jobs_and_names_the_best(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(watch.time, "time", lambda: now[0])
    root = write_sweep(tmp_path / "sweep")  # 10 finished jobs, one failed, one unfinished
    clock = SweepClock(root, 12)
    assert clock.line() == "11 of 12 jobs, best so far: job 4, val/consistency/all 0.9"
    now[0] += 120
    (root / "12").mkdir()
    (root / "12" / "metrics.json").write_text(json.dumps({"metrics": {"val/consistency/all": 0.95}}))
    clock.total = 14
    assert clock.line() == "12 of 14 jobs, 4 min left, best so far: job 12, val/consistency/all 0.95"
