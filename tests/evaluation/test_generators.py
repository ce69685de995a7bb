"""Generators whose scores are known: the world itself, noise, and a copyist of training pictures."""

from dataclasses import replace

import numpy as np
import pytest

from cvae_lightning.data import ShapeSceneDataset
from cvae_lightning.evaluation.consistency import judged, shuffled, tally
from cvae_lightning.evaluation.diversity import diversity
from cvae_lightning.evaluation.proportions import wilson
from cvae_lightning.evaluation.real_scenes import real_images, real_scene
from cvae_lightning.evaluation.settings import SAMPLE, EvaluationSettings, withheld_splits
from cvae_lightning.world import DEFAULT, Mix, Scene, Thing, parse, render

SIDE, CAPTIONS = 64, 256
SPLITS = withheld_splits(DEFAULT)


def keys(split, count=CAPTIONS):
    return [EvaluationSettings().key(SAMPLE, split, i) for i in range(count)]


def painted_by_the_world(captions, keys):
    return real_images([parse(caption) for caption in captions], keys, SIDE)


def painted_at_random(captions, keys):
    return np.stack([np.random.default_rng(key).integers(0, 256, (SIDE, SIDE, 3), np.uint8) for key in keys])


class Copyist:
    """Answers every caption with a training picture."""

    def __init__(self, mix):
        train = ShapeSceneDataset(400, SIDE, world=replace(DEFAULT, mix=mix))
        self.scenes = [train.scene(i)[1] for i in range(len(train))]
        self.images = render(self.scenes, SIDE)

    def __call__(self, captions, keys):
        return self.images[[np.random.default_rng(key).integers(len(self.images)) for key in keys]]


def cases_of(paint, split="test", world=DEFAULT):
    captions = list(ShapeSceneDataset(CAPTIONS, SIDE, split=split, world=world).captions())
    return judged(paint(captions, keys(split)), [parse(caption) for caption in captions])


@pytest.mark.parametrize("split", SPLITS)
def test_the_world_is_always_right_and_almost_never_about_another_caption(split: str) -> None:
    cases = cases_of(painted_by_the_world, split)
    assert tally(cases, "all").share == 1
    assert tally(shuffled(cases), "all").share <= 0.01


def test_noise_is_never_right() -> None:
    cases = cases_of(painted_at_random)
    assert tally(cases, "all").passed == 0


@pytest.mark.parametrize("mix", [Mix(), Mix(1, 0, 0)], ids=["default", "one group"])
def test_a_copyist_is_right_by_chance(mix: Mix) -> None:
    """The chance is that of any training scene and any test caption, from the scenes themselves."""
    paint = Copyist(mix)
    cases = cases_of(paint, world=replace(DEFAULT, mix=mix))
    meanings = [case.meaning for case in cases]
    chance = {
        "all": np.mean([[meaning.holds(scene) for scene in paint.scenes] for meaning in meanings]),
        "count": np.mean(
            [[sum(g.count for g in m.groups) == len(scene.things) for scene in paint.scenes] for m in meanings]
        ),
    }
    assert chance["all"] < 0.01 < chance["count"]
    for atom, expected in chance.items():
        low, high = wilson(*tally(cases, atom), level=0.999)
        assert low <= expected <= high, atom


SETTINGS = EvaluationSettings(splits=("test",), coverage_captions=5, coverage_samples=64)
FIRST = list(ShapeSceneDataset(5, SIDE, split="test").captions())


def test_the_world_uses_all_places() -> None:
    found = diversity(painted_by_the_world, FIRST, SETTINGS)
    assert found["measured"] == 5
    assert all(row["right"] == 64 for row in found["rows"])
    assert found["coverage"]["ratio"] == pytest.approx(1, abs=0.05)
    assert found["spread"]["ratio"] == pytest.approx(1, abs=0.05)


def test_a_painter_of_one_corner_covers_few_positions() -> None:
    """Of twelve scenes of a caption, the one whose first thing is nearest to the top left corner."""

    def paint(captions, keys):
        scenes: list[Scene] = []
        for caption, key in zip(captions, keys, strict=True):
            tries = [real_scene(parse(caption), (*key, more)) for more in range(12)]
            scenes.append(min(tries, key=lambda scene: scene.things[0].x + scene.things[0].y))
        return render(scenes, SIDE)

    found = diversity(paint, FIRST[:4], SETTINGS)
    assert found["coverage"]["ratio"] < 0.8


def test_one_repeated_picture_covers_almost_nothing() -> None:
    def paint(captions, keys):
        return real_images([parse(caption) for caption in captions], [(0,)] * len(captions), SIDE)

    found = diversity(paint, FIRST, SETTINGS)
    assert found["coverage"]["ratio"] < 0.25
    assert found["spread"]["ratio"] == pytest.approx(0, abs=1e-9)


def test_without_right_pictures_coverage_is_not_measured() -> None:
    found = diversity(painted_at_random, FIRST[:2], SETTINGS)
    assert found["measured"] == 0
    assert "coverage" not in found
    assert [row["right"] for row in found["rows"]] == [0, 0]


SHRUNK = 0.75


def painted_by_a_shrunk_world(captions, keys):
    """Real scenes of one caption with every thing moved towards its mean position."""
    scenes = [real_scene(parse(caption), key) for caption, key in zip(captions, keys, strict=True)]
    ordered = [sorted(scene.things, key=lambda thing: (thing.x, thing.y)) for scene in scenes]
    means = np.mean([[(thing.x, thing.y) for thing in things] for things in ordered], axis=0)
    return render([Scene(tuple(map(_shrunk, things, means.tolist()))) for things in ordered], SIDE)


def _shrunk(thing: Thing, mean: list[float]) -> Thing:
    x, y = (middle + SHRUNK * (value - middle) for middle, value in zip(mean, (thing.x, thing.y), strict=True))
    return replace(thing, x=x, y=y)


def test_a_painter_of_shrunk_scenes_has_little_variety_but_full_coverage() -> None:
    found = diversity(painted_by_a_shrunk_world, ["3 small red stars"], SETTINGS)
    (row,) = found["rows"]
    assert row["right"] > 40
    assert row["coverage"]["model"] > 0.9
    assert row["variety"]["ratio"] == pytest.approx(SHRUNK, abs=0.1)
    assert row["variety"]["low"] < SHRUNK < row["variety"]["high"] < 0.95
    assert row["variety"]["by_object"] == pytest.approx([SHRUNK] * 3, abs=0.15)
    assert found["variety"]["worst"] == row["variety"] | {"caption": "3 small red stars"}
    assert found["variety"]["mean"] == row["variety"]["ratio"]


def test_the_worlds_own_variety_is_one_for_every_caption() -> None:
    found = diversity(painted_by_the_world, FIRST, SETTINGS)
    assert found["variety"]["mean"] == pytest.approx(1, abs=0.05)
    assert all(row["variety"]["low"] < 1.05 and row["variety"]["high"] > 0.95 for row in found["rows"])
