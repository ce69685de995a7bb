"""Generators whose scores are known: the world itself, noise, and a copyist of training pictures."""

import numpy as np
import pytest

from cvae_lightning.data import ShapeSceneDataset
from cvae_lightning.evaluation.consistency import judged, shuffled, tally
from cvae_lightning.evaluation.diversity import diversity, real_scenes
from cvae_lightning.evaluation.proportions import wilson
from cvae_lightning.evaluation.settings import SAMPLE, EvaluationSettings
from cvae_lightning.world import Mix, Scene, parse, render

SIDE, CAPTIONS = 64, 256
SPLITS = ("test", "novel_pair", "novel_count", "novel_relation")


def keys(split, count=CAPTIONS):
    return [EvaluationSettings().key(SAMPLE, split, i) for i in range(count)]


def painted_by_the_world(captions, keys):
    scenes = [real_scenes(parse(caption), [key])[0] for caption, key in zip(captions, keys, strict=True)]
    return render(scenes, SIDE)


def painted_at_random(captions, keys):
    return np.stack([np.random.default_rng(key).integers(0, 256, (SIDE, SIDE, 3), np.uint8) for key in keys])


class Copyist:
    """Answers every caption with a training picture."""

    def __init__(self, mix):
        train = ShapeSceneDataset(400, SIDE, mix=mix)
        self.scenes = [train.scene(i)[1] for i in range(len(train))]
        self.images = render(self.scenes, SIDE)

    def __call__(self, captions, keys):
        return self.images[[np.random.default_rng(key).integers(len(self.images)) for key in keys]]


def cases_of(paint, split="test", mix=None):
    captions = list(ShapeSceneDataset(CAPTIONS, SIDE, split=split, mix=mix).captions())
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
    cases = cases_of(paint, mix=mix)
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


PLAN = EvaluationSettings(splits=("test",), coverage_captions=5, coverage_samples=64)
FIRST = list(ShapeSceneDataset(5, SIDE, split="test").captions())


def test_the_world_uses_all_places() -> None:
    found = diversity(painted_by_the_world, FIRST, PLAN)
    assert found["measured"] == 5
    assert all(row["right"] == 64 for row in found["rows"])
    assert found["coverage"]["ratio"] == pytest.approx(1, abs=0.05)
    assert found["spread"]["ratio"] == pytest.approx(1, abs=0.05)


def test_a_painter_of_one_corner_is_found_out() -> None:
    """Of twelve scenes of a caption, the one whose first thing is nearest to the top left corner."""

    def paint(captions, keys):
        scenes: list[Scene] = []
        for caption, key in zip(captions, keys, strict=True):
            tries = real_scenes(parse(caption), [(*key, more) for more in range(12)])
            scenes.append(min(tries, key=lambda scene: scene.things[0].x + scene.things[0].y))
        return render(scenes, SIDE)

    found = diversity(paint, FIRST[:4], PLAN)
    assert found["coverage"]["ratio"] < 0.8


def test_one_picture_again_and_again_covers_next_to_nothing() -> None:
    def paint(captions, keys):
        return render([real_scenes(parse(caption), [(0,)])[0] for caption in captions], SIDE)

    found = diversity(paint, FIRST, PLAN)
    assert found["coverage"]["ratio"] < 0.25
    assert found["spread"]["ratio"] == pytest.approx(0, abs=1e-9)


def test_without_right_pictures_coverage_is_not_told() -> None:
    found = diversity(painted_at_random, FIRST[:2], PLAN)
    assert found["measured"] == 0
    assert "coverage" not in found
    assert [row["right"] for row in found["rows"]] == [0, 0]
