"""A sweep's folder is read as it is: what was swept, how each job ended, and what repeats it."""

import json
import shlex
from pathlib import Path

import pytest
import yaml
from support.fake_sweep import write_job, write_study, write_sweep

from cvae_lightning.errors import UserError
from cvae_lightning.sweeps import Sweep, read_sweep
from cvae_lightning.sweeps.settings import order, swept_keys


@pytest.fixture(scope="module")
def sweep(tmp_path_factory) -> Sweep:
    return read_sweep(write_sweep(tmp_path_factory.mktemp("fake") / "grid"))


def test_swept_keys_are_those_of_the_command_line_and_not_what_follows_from_them(sweep: Sweep) -> None:
    assert sweep.keys == ("objective.beta", "model.latent_dim", "seed")


def test_jobs_come_in_the_order_of_their_numbers(sweep: Sweep) -> None:
    assert [job.name for job in sweep.jobs] == [str(number) for number in range(12)]


def test_a_job_has_its_numbers_settings_and_state(sweep: Sweep) -> None:
    job = sweep.jobs[4]
    assert job.settings == {"objective.beta": 4, "model.latent_dim": 8, "seed": 0}
    assert (job.metrics["val/rate"], job.metrics["training_minutes"]) == (25.0, 1.5)
    assert [job.name for job in sweep.of("failed")] == ["10"]
    assert [job.name for job in sweep.of("unfinished")] == ["11"]
    assert "too | big" in sweep.jobs[10].note
    assert sweep.jobs[10].settings == {"objective.beta": 16, "model.latent_dim": 16, "seed": 0}


def test_the_command_is_the_jobs_own_overrides(sweep: Sweep) -> None:
    words = shlex.split(sweep.jobs[4].command)
    assert words[:3] == ["python", "-m", "cvae_lightning.train"]
    saved = yaml.safe_load((sweep.jobs[4].folder / ".hydra" / "overrides.yaml").read_text())
    assert words[3:] == saved


def test_commands_are_quoted_and_free_of_hydras_own_values(tmp_path: Path) -> None:
    overrides = ["name='a b'", "seed=${hydra:job.num}", "resume=auto", "world.mix={one: 1}"]
    for number in range(2):
        write_job(tmp_path / str(number), overrides, None, {"seed": number, "name": "a b"})
    job = read_sweep(tmp_path).jobs[1]
    assert shlex.split(job.command)[3:] == ["name='a b'", "seed=1", "world.mix={one: 1}"]
    assert job.seed == 1


def test_choices_of_groups_are_settings() -> None:
    overrides = [["prior=standard", "name=x"], ["prior=flow", "name=x"]]
    assert swept_keys(overrides, [{"prior": {"_target_": "a"}}, {"prior": {"_target_": "b", "steps": 3}}]) == ("prior",)


def test_without_overrides_the_configs_tell_and_derived_values_are_named_once() -> None:
    configs = [{"model": {"size": size}, "encoder": {"size": size}, "beta": beta} for size in (1, 2) for beta in (1, 2)]
    assert swept_keys([[]] * 4, configs) == ("model.size", "beta")


def test_a_failed_jobs_numbers_equal_those_of_a_config(tmp_path: Path) -> None:
    write_job(tmp_path / "0", ["optimizer.lr=1e-3", "x=[1,2]"], {"val/loss": 1.0}, {"optimizer": {"lr": 0.001}})
    write_job(tmp_path / "1", ["optimizer.lr=1e-3", "x=[1,2]"], failure={"error": "e"})
    assert read_sweep(tmp_path).keys == ()


def test_values_are_ordered_by_size() -> None:
    assert order([10, 2, "b", 0.5, 2, "a", None]) == [0.5, 2, 10, None, "a", "b"]


def test_a_study_tells_states_directions_and_reasons(tmp_path: Path) -> None:
    study = read_sweep(write_study(tmp_path / "study"))
    assert study.name == "rate against truth"
    assert study.directions == {"val/oddity": "max", "val/rate": "min"}
    assert [(job.name, job.note) for job in study.of("pruned", "failed")] == [
        ("3", "pruned at 2"),
        ("4", "out of memory"),
    ]
    assert len(study.of("finished")) == 18


def test_files_that_loggers_keep_within_a_job_are_not_jobs(tmp_path: Path) -> None:
    write_job(tmp_path / "a=1,b=2" / "0", ["seed=0"], {"val/loss": 1.0}, {"seed": 0})
    (tmp_path / "a=1,b=2" / "0" / "wandb").mkdir()
    (tmp_path / "a=1,b=2" / "0" / "wandb" / "config.yaml").write_text("{}")
    assert [job.name for job in read_sweep(tmp_path).jobs] == ["a=1,b=2/0"]


def test_values_that_are_not_numbers_are_left_out(tmp_path: Path) -> None:
    job = write_job(tmp_path / "0", [], {"val/loss": float("nan"), "val/rate": 1.0}, {})
    assert "NaN" in (job / "metrics.json").read_text()
    assert "val/loss" not in read_sweep(tmp_path).jobs[0].metrics


@pytest.mark.parametrize("case", ["missing", "empty", "one run", "damaged"])
def test_a_folder_that_is_not_a_sweep_is_named(tmp_path: Path, case: str) -> None:
    folder = tmp_path / "sweeps"
    folder.mkdir()
    if case == "missing":
        folder = tmp_path / "sweep"
    elif case == "one run":
        (folder / "config.yaml").write_text("{}")
    elif case == "damaged":
        write_job(folder / "0", []).joinpath("metrics.json").write_text("{")
    messages = {
        "missing": "nearest is 'sweeps'",
        "empty": "no jobs",
        "one run": "is one run",
        "damaged": "metrics.json",
    }
    with pytest.raises(UserError, match=messages[case]):
        read_sweep(folder)


def test_reading_runs_nothing(tmp_path: Path) -> None:
    write_job(tmp_path / "0", [], {"val/loss": 1.0})
    (tmp_path / "0" / "config.yaml").write_text("a: !!python/object/apply:os.mkdir [ran]\n")
    with pytest.raises(UserError, match=r"config\.yaml cannot be read"):
        read_sweep(tmp_path)
    assert json.loads((tmp_path / "0" / "metrics.json").read_text())
