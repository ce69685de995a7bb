"""A study goes on after any stop as if there had been none, and prunes without missing the best."""

import json
from pathlib import Path

import pytest

pytest.importorskip("optuna")

from omegaconf import OmegaConf
from optuna.trial import TrialState
from support.stub import curve

from cvae_lightning.errors import UserError
from cvae_lightning.runs.layout import JOURNAL
from cvae_lightning.sweeps.optuna.options import Options
from cvae_lightning.sweeps.optuna.space import read_space
from cvae_lightning.sweeps.optuna.study import PRUNED_AT, Claim, Outcome, SharedStudy
from cvae_lightning.sweeps.optuna.trial import ObjectiveError, RunningTrial

SPACE = read_space(["objective.beta=tag(log,interval(0.1,10))", "model.latent_dim=16,32,64"])
TPE = {"_target_": "optuna.samplers.TPESampler", "n_startup_trials": 4, "multivariate": True}
RANDOM = {"_target_": "optuna.samplers.RandomSampler"}
GRID = {"_target_": "optuna.samplers.GridSampler"}
MEDIAN = {"_target_": "optuna.pruners.MedianPruner", "n_startup_trials": 4, "n_warmup_steps": 1}
EPOCHS = 9


def options(**changes) -> Options:
    usual = {"study": "s", "storage": None, "objectives": ["minimize val/loss"], "n_trials": 8, "n_jobs": 1}
    return Options.read(OmegaConf.create({**usual, "seed": 0, "sampler": TPE, "pruner": None, **changes}))


def work(study: SharedStudy, claim: Claim) -> int:
    """Do a trial's work, pruned when it is told so; returns the epochs spent."""
    trial = RunningTrial(claim.folder, study.options)
    for epoch in range(1, EPOCHS + 1):
        value = curve(claim.params["objective.beta"], claim.params["model.latent_dim"], epoch)
        if trial.report(epoch, {"val/loss": value}):
            study.finish(claim, Outcome(TrialState.PRUNED, pruned_at=epoch))
            return epoch
    study.finish(claim, Outcome(TrialState.COMPLETE, (value,)))
    return EPOCHS


def run(study: SharedStudy) -> int:
    epochs = 0
    while claim := study.claim():
        epochs += work(study, claim)
    return epochs


def params(study: SharedStudy) -> list[dict]:
    return [trial.params for trial in study.trials()]


def test_a_study_whose_workers_die_is_the_unbroken_one(tmp_path: Path) -> None:
    unbroken = SharedStudy(tmp_path / "unbroken", options(), SPACE)
    run(unbroken)
    for dying in range(8):
        worker = SharedStudy(tmp_path / "broken", options(), SPACE)
        claim = worker.claim()
        assert claim.number == dying
        claim.lease.release()  # as the operating system does for the dead
        work(survivor := SharedStudy(tmp_path / "broken", options(), SPACE), survivor.claim())
    assert survivor.done()
    assert params(survivor) == params(unbroken)
    assert len({str(one) for one in params(survivor)}) == 8
    other = SharedStudy(tmp_path / "other", options(seed=1), SPACE)
    run(other)
    assert params(other) != params(unbroken)


def test_a_claimed_trial_has_one_owner(tmp_path: Path) -> None:
    one, two = (SharedStudy(tmp_path, options(n_trials=3), SPACE) for _ in range(2))
    claims = [one.claim(), two.claim(), one.claim()]
    assert [claim.number for claim in claims] == [0, 1, 2]
    assert two.claim() is one.claim() is None
    claims[1].lease.release()
    assert one.claim().number == 1
    assert not one.done()


def test_a_study_continues_when_it_is_asked_for_more(tmp_path: Path) -> None:
    run(SharedStudy(tmp_path, options(n_trials=2), SPACE))
    more = SharedStudy(tmp_path, options(n_trials=5), SPACE)
    assert not more.done()
    run(more)
    assert len(more.trials()) == 5


@pytest.mark.parametrize("torn", ['{"op_code":4,"trial_id', "{"])
def test_a_line_that_a_dead_writer_left_is_cut_off(tmp_path: Path, torn: str) -> None:
    run(SharedStudy(tmp_path, options(n_trials=2), SPACE))
    with (tmp_path / JOURNAL).open("a") as file:
        file.write(torn)
    run(study := SharedStudy(tmp_path, options(n_trials=4), SPACE))
    assert [trial.state for trial in study.trials()] == [TrialState.COMPLETE] * 4


def test_pruning_saves_epochs_and_finds_the_same_best(tmp_path: Path) -> None:
    plain = SharedStudy(tmp_path / "plain", options(sampler=RANDOM, n_trials=20), SPACE)
    pruned = SharedStudy(tmp_path / "pruned", options(sampler=RANDOM, n_trials=20, pruner=MEDIAN), SPACE)
    assert run(plain) == 20 * EPOCHS
    assert run(pruned) <= 0.7 * 20 * EPOCHS
    assert pruned.study.best_trial.number == plain.study.best_trial.number
    stopped = [trial for trial in pruned.trials() if trial.state is TrialState.PRUNED]
    record = json.loads((tmp_path / "pruned" / str(stopped[0].number) / "trial.json").read_text())
    assert record["state"] == "PRUNED"
    assert record["pruned_at"] == stopped[0].user_attrs[PRUNED_AT] == stopped[0].last_step


def test_a_grid_has_each_pair_once(tmp_path: Path) -> None:
    space = read_space(["objective.beta=1,4", "model.latent_dim=16,32,64"])
    run(study := SharedStudy(tmp_path, options(sampler=GRID, n_trials=100), space))
    assert sorted(map(str, params(study))) == sorted(set(map(str, params(study))))
    assert len(params(study)) == 6


@pytest.mark.parametrize("sampler", ["TPESampler", "RandomSampler", "NSGAIISampler"])
def test_several_objectives_have_a_front(tmp_path: Path, sampler: str) -> None:
    several = options(
        objectives=["maximize val/consistency/all", "minimize minutes"],
        sampler={"_target_": f"optuna.samplers.{sampler}"},
    )
    study = SharedStudy(tmp_path, several, SPACE)
    while claim := study.claim():
        assert not RunningTrial(claim.folder, several).report(1, {"val/consistency/all": 0.5})
        study.finish(claim, Outcome(TrialState.COMPLETE, (claim.number % 3, claim.number)))
    assert sorted(trial.number for trial in study.study.best_trials) == [0, 1, 2]


def test_the_database_of_another_folder_is_refused(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/studies.db"
    run(SharedStudy(tmp_path / "one", options(storage=storage, n_trials=2), SPACE))
    run(again := SharedStudy(tmp_path / "one", options(storage=storage, n_trials=3), SPACE))
    assert len(again.trials()) == 3
    with pytest.raises(UserError, match="already"):
        SharedStudy(tmp_path / "two", options(storage=storage), SPACE)


def test_another_search_in_the_folder_is_refused(tmp_path: Path) -> None:
    SharedStudy(tmp_path, options(), SPACE)
    for other in (
        read_space(["objective.beta=1,4"]),
        read_space(["seed=1", *(f"{k}={v}" for k, v in SPACE.texts.items())]),
    ):
        with pytest.raises(UserError, match="other settings"):
            SharedStudy(tmp_path, options(), other)


def test_a_wrong_option_is_named() -> None:
    for changes, message in [
        ({"objectives": ["minimise val/loss"]}, "nearest is 'minimize'"),
        ({"objectives": []}, "objectives is empty"),
        ({"n_trials": 0}, "n_trials=0"),
        ({"objectives": ["minimize a", "minimize b"], "pruner": MEDIAN}, "one objective only"),
    ]:
        with pytest.raises(UserError, match=message):
            options(**changes)


def test_an_objective_that_no_run_measures_is_named(tmp_path: Path) -> None:
    asked = options(objectives=["maximize val/consistncy/all"])
    claim = SharedStudy(tmp_path, asked, SPACE).claim()
    with pytest.raises(ObjectiveError, match="nearest is 'val/consistency/all'"):
        RunningTrial(claim.folder, asked).report(1, {"val/consistency/all": 0.5, "val/loss": 1.0})
