"""Hydra's sweep syntax as distributions, and drawn values as overrides again."""

import pytest

pytest.importorskip("optuna")

import optuna
from hydra.core.override_parser.overrides_parser import OverridesParser
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from cvae_lightning.errors import UserError
from cvae_lightning.sweeps.optuna.space import read_space

SWEEPS = {
    "interval(0.1,100)": FloatDistribution(0.1, 100),
    "tag(log,interval(0.1,100))": FloatDistribution(0.1, 100, log=True),
    "int(interval(1,64))": IntDistribution(1, 64),
    "tag(log,int(interval(1,64)))": IntDistribution(1, 64, log=True),
    "range(8,65,8)": IntDistribution(8, 64, step=8),
    "range(0,1,0.25)": FloatDistribution(0, 0.75, step=0.25),
    "choice(32,64)": CategoricalDistribution([32, 64]),
    "1,4": CategoricalDistribution([1, 4]),
    "0.5,true,null,abc,'a b',[1,2]": CategoricalDistribution([0.5, True, "null", "abc", "'a b'", "[1,2]"]),
}


def test_a_sweep_is_a_distribution() -> None:
    for sweep in SWEEPS:
        space = read_space(["model.latent_dim=3", f"key={sweep}"])
        assert space.distributions == {"key": SWEEPS[sweep]}
        assert space.fixed == ("model.latent_dim=3",)


def test_a_drawn_value_comes_back_from_its_override() -> None:
    for sweep in SWEEPS:
        space = read_space([f"++key={sweep}"])
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        for _ in range(20):
            params = study.ask(space.distributions).params
            (override,) = OverridesParser.create().parse_overrides(space.overrides(params))
            value = override.value()
            assert override.is_force_add()
            if isinstance(params["key"], str):
                assert space.overrides(params) == [f"++key={params['key']}"]
            else:
                assert (type(value), value) == (type(params["key"]), params["key"])


def test_the_last_override_of_a_key_counts() -> None:
    assert read_space(["a=1", "b=1,2", "b=interval(1,2)", "a=2"]).fixed == ("a=2",)
    assert read_space(["b=1,2", "b=interval(1,2)"]).distributions == {"b": FloatDistribution(1, 2)}


def test_a_grid_has_every_value() -> None:
    assert read_space(["a=1,x", "b=range(2,9,3)", "c=range(0,1,0.25)"]).grid() == {
        "a": [1, "x"],
        "b": [2, 5, 8],
        "c": [0, 0.25, 0.5, 0.75],
    }


def test_a_wrong_sweep_is_named() -> None:
    for arguments, message in [
        (["a=1"], "nothing to search"),
        (["a=tag(lgo,interval(1,2))"], "'lgo'; the nearest is 'log'"),
        (["a=tag(log,interval(-1,2))"], "a=tag"),
        (["a=tag(log,choice(1,2))"], "no logarithm"),
        (["a=interval(2,1)"], "a=interval"),
        (["a=range(2,1)"], "empty range"),
    ]:
        with pytest.raises(UserError, match=message.replace("(", r"\(")):
            read_space(arguments)


def test_an_interval_has_no_grid() -> None:
    with pytest.raises(UserError, match="those of an interval cannot be listed"):
        read_space(["a=interval(1,2)"]).grid()
