"""What an evaluation may be asked for."""

from dataclasses import replace

import pytest
import yaml
from support import ROOT

from cvae_lightning.errors import UserError
from cvae_lightning.evaluation.settings import POSTERIOR, SAMPLE, EvaluationSettings, SceneSource
from cvae_lightning.world import V1, Mix


def test_the_defaults_are_the_configs() -> None:
    config = yaml.safe_load((ROOT / "conf" / "evaluate.yaml").read_text())
    numbers = {key: config[key] for key in EvaluationSettings.__slots__ if key != "splits"}
    assert config["splits"] is None
    assert EvaluationSettings(**numbers) == EvaluationSettings()
    data = yaml.safe_load((ROOT / "conf" / "data" / "scenes.yaml").read_text())
    assert SceneSource(data["seed"], data["synonyms"]) == SceneSource()


def test_a_number_out_of_range_is_named() -> None:
    for wrong, message in [
        ({"captions": 0}, "captions=0: expected at least 1"),
        ({"coverage_samples": 5}, "coverage_samples=5: expected at least 6"),
        ({"bound_samples": 0}, "bound_samples=0: expected at least 1"),
        ({"seed": -1}, "seed=-1: expected at least 0"),
        ({"num_workers": -1}, "num_workers=-1"),
        ({"splits": ()}, "one or more"),
        ({"splits": ("test", "test")}, "each once"),
    ]:
        with pytest.raises(UserError, match=message):
            EvaluationSettings(**wrong)


def test_an_unknown_or_empty_split_is_named() -> None:
    EvaluationSettings(splits=("val", "train")).check(SceneSource())
    with pytest.raises(UserError, match=r"'novel_pairs'.*mean 'novel_pair'"):
        EvaluationSettings(splits=("novel_pairs",)).check(SceneSource())
    with pytest.raises(UserError, match="mix of 'relation' is 0"):
        EvaluationSettings(splits=("novel_relation",)).check(SceneSource(world=replace(V1, mix=Mix(1, 1, 0))))


def test_every_draw_has_its_own_key() -> None:
    settings = EvaluationSettings()
    keys = {
        settings.key(purpose, split, index, number)
        for purpose in (SAMPLE, POSTERIOR)
        for split in settings.splits
        for index in range(3)
        for number in range(3)
    }
    assert len(keys) == 2 * 4 * 9
    assert settings.key(SAMPLE, "test", 1) == settings.key(SAMPLE, "test", 1, 0)
