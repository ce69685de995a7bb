"""What an evaluation may be asked for."""

from dataclasses import replace

import pytest
import yaml
from support import ROOT

from cvae_lightning.cli.compose import composed
from cvae_lightning.errors import UserError
from cvae_lightning.evaluation.settings import POSTERIOR, SAMPLE, EvaluationSettings, SceneSource
from cvae_lightning.world import V1, Mix


def test_the_defaults_are_the_configs() -> None:
    config = composed("evaluate", []).config
    numbers = {key: config[key] for key in EvaluationSettings.__slots__ if key != "splits"}
    assert config["splits"] is None
    assert EvaluationSettings(**numbers) == EvaluationSettings()
    data = yaml.safe_load((ROOT / "conf" / "data" / "scenes.yaml").read_text())
    assert SceneSource(data["seed"], data["synonyms"]) == SceneSource()


@pytest.mark.parametrize(
    ("arguments", "sizes"),
    [
        ([], (16, 64, 64)),
        (["captions=2048"], (16, 64, 64)),
        (["captions=8"], (8, 8, 8)),
        (["captions=2"], (2, 6, 2)),
        (["captions=8", "coverage_samples=64", "bound_images=3"], (8, 64, 3)),
    ],
)
def test_few_captions_are_measured_with_small_sizes(arguments: list[str], sizes: tuple[int, int, int]) -> None:
    config = composed("evaluate", arguments).config
    assert (config.coverage_captions, config.coverage_samples, config.bound_images) == sizes


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
