"""Which captions were in training is found exactly, in three ways, and new ones are counted apart."""

from dataclasses import replace
from pathlib import Path

import pytest

from cvae_lightning.data import ShapeSceneDataModule, ShapeSceneDataset
from cvae_lightning.evaluation.consistency import JudgedImage
from cvae_lightning.evaluation.known_captions import read_known
from cvae_lightning.evaluation.novelty import COMPARISONS, TrainingCaptions, novelty, training_captions
from cvae_lightning.evaluation.settings import SceneSource, training_scenes
from cvae_lightning.world import DEFAULT, V1, Mix, Verdict, content, parse

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
    training = TrainingCaptions.of([f"{STAR} above {SQUARE}", STAR])
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
    assert len(training.known["wording"]) == len(set(captions))
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


@pytest.mark.parametrize("damage", [None, "cut", "flipped", "no header", "empty", "endless header"])
def test_training_captions_are_kept_in_a_file_that_is_not_trusted(tmp_path: Path, damage: str | None) -> None:
    source, file = SceneSource(train_size=40), tmp_path / "known.bin"
    drawn = training_captions(source, file=file)
    assert drawn is not None
    content = file.read_bytes()
    damaged = {
        None: content,
        "cut": content[:-3],
        "flipped": content[:-1] + bytes([content[-1] ^ 1]),
        "no header": content.partition(b"\n")[2],
        "empty": b"",
        "endless header": b"[" * 100_000,
    }[damage]
    file.write_bytes(damaged)
    assert (read_known(file, source, list(COMPARISONS)) is None) is (damage is not None)
    again = training_captions(source, file=file)
    assert again is not None
    assert {name: part.tolist() for name, part in again.known.items()} == {
        name: part.tolist() for name, part in drawn.known.items()
    }
    assert file.read_bytes() == content  # a damaged file is written again
    assert read_known(file, SceneSource(seed=1, train_size=40), list(COMPARISONS)) is None
    assert read_known(file, SceneSource(train_size=40, world=V1), list(COMPARISONS)) is None


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert training_captions(SceneSource(train_size=10), file=tmp_path / "file" / "known.bin") is not None


def test_unknown_training_scenes_are_not_guessed() -> None:
    assert training_captions(SceneSource()) is None
