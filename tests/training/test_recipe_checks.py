"""The guide's tips come when they apply, and only then."""

from dataclasses import replace

from cvae_lightning.training import BetaELBO, Constant, Linear
from cvae_lightning.training.recipe_checks import Plan, recipe_warnings

SOUND = Plan(
    objective=BetaELBO(schedule=Linear(length=5)),
    beta_effective=1.0,
    calibrated_size=64,
    learning_rate=1e-4,
    batch_size=32,
    epochs=50,
    train_size=9_000,
)


def test_a_sound_plan_needs_no_recipe_warnings() -> None:
    assert list(recipe_warnings(SOUND)) == []


def test_a_tip_names_the_setting_to_change() -> None:
    for change, setting in [
        ({"beta_effective": 98.3}, "objective.beta"),
        ({"beta_effective": 20.0, "objective": BetaELBO(20.0, Constant())}, "objective/schedule=linear"),
        ({"epochs": 3}, "objective.schedule.length"),
        ({"learning_rate": 0.01}, "1e-4 to 1e-3"),
        ({"batch_size": 4}, "data.batch_size"),
        ({"train_size": 900}, "data.size"),
    ]:
        (tip,) = recipe_warnings(replace(SOUND, **change))
        assert setting in tip


def test_a_rate_may_be_higher_where_a_calibrated_likelihood_has_more_pixels() -> None:
    assert list(recipe_warnings(replace(SOUND, beta_effective=160.0, calibrated_size=256))) == []
    for size in (0, 64):
        (tip,) = recipe_warnings(replace(SOUND, beta_effective=160.0, calibrated_size=size))
        assert "collapses" in tip


def test_a_run_without_end_has_time_for_its_ramp() -> None:
    assert list(recipe_warnings(replace(SOUND, epochs=-1))) == []
