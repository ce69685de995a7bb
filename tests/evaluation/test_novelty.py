"""Which captions were in training is found exactly, in three ways, and new ones are counted apart."""

from dataclasses import replace

import pytest

from cvae_lightning.data import ShapeSceneDataModule, ShapeSceneDataset
from cvae_lightning.evaluation.consistency import JudgedImage
from cvae_lightning.evaluation.novelty import TrainingCaptions, novelty, training_captions
from cvae_lightning.evaluation.settings import SceneSource, training_scenes
from cvae_lightning.world import DEFAULT, Mix, Verdict, content, parse

STAR, SQUARE = "a small red star", "2 large blue squares"

WORLD = replace(DEFAULT, mix=Mix(1, 1, 0))


def test_contents_are_equal_where_the_same_scenes_are_meant() -> None:
    for first, second, same in [
        (f"{STAR} above {SQUARE}", f"{SQUARE} below {STAR}", True),
        (f"{STAR} left of {SQUARE}", f"{SQUARE} to the right of {STAR}", True),
        (f"{STAR} and {SQUARE}", f"{SQUARE} with {STAR}", True),
        (f"{STAR} above {SQUARE}", f"{SQUARE} above {STAR}", False),
        (f"{STAR} and {SQUARE}", f"{STAR} above {SQUARE}", False),
        (STAR, "a red star", False),
        ("a red star and a cyan cross", "a cyan cross and a red star", True),
    ]:
        assert (content(parse(first)) == content(parse(second))) is same


def verdict(right: bool) -> Verdict:
    return Verdict(count=right, colour=right, shape=right, size=right, relation=None, all=right, reason="")


def test_known_and_new_captions_are_counted_apart() -> None:
    training = TrainingCaptions([f"{STAR} above {SQUARE}", STAR])
    rights = {
        f"{STAR} above {SQUARE}": True,  # word for word
        f"{STAR} over two big blue squares": True,  # in other words
        f"{SQUARE} below {STAR}": False,  # of the same content
        f"{SQUARE} above {STAR}": True,  # new
        SQUARE: False,  # new
    }
    samples = [JudgedImage(parse(caption), (), verdict(right)) for caption, right in rights.items()]
    found = novelty(list(rights), samples, training)
    counts = {name: {kind: (row["passed"], row["of"]) for kind, row in kinds.items()} for name, kinds in found.items()}
    assert counts == {
        "wording": {"known": (1, 1), "new": (2, 4)},
        "meaning": {"known": (2, 2), "new": (1, 3)},
        "content": {"known": (2, 3), "new": (1, 2)},
    }
    assert "known" not in novelty([SQUARE], samples[4:], training)["wording"]


def test_the_training_captions_are_those_of_the_runs_data_module() -> None:
    data = ShapeSceneDataModule(size=120, val_fraction=0.3, canvas_size=32, seed=5, synonyms=False, world=WORLD)
    size = training_scenes(120, 0.3)
    assert size == len(data.datasets["train"])
    training = training_captions(SceneSource(5, synonyms=False, train_size=size, world=WORLD))
    assert training is not None
    captions = list(data.datasets["train"].captions())
    assert training.known["wording"] == set(captions)
    assert training.split(captions, "content") == [True] * size


@pytest.mark.parametrize(("size", "fraction"), [(200, 0.1), (10, 0.01), (201_000, 0.003), (7, 0.5)])
def test_training_scenes_are_as_many_as_the_data_module_says(size: int, fraction: float) -> None:
    data = ShapeSceneDataModule(size=size, val_fraction=fraction, num_workers=0)
    assert training_scenes(size, fraction) == len(data.datasets["train"])


def test_novel_splits_have_no_meaning_of_training() -> None:
    training = training_captions(SceneSource(train_size=300))
    assert training is not None
    captions = list(ShapeSceneDataset(50, 64, split="novel_pair").captions())
    assert training.split(captions, "meaning") == training.split(captions, "content") == [False] * 50


def test_unknown_training_scenes_are_not_guessed() -> None:
    assert training_captions(SceneSource()) is None
