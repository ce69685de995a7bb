"""Item i is a pure function of (seed, split, i), and it shows what it says."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from cvae_lightning import ShapeSceneDataset
from cvae_lightning.world import V1, parse


def images(examples) -> list[list[int]]:
    return [example.image.flatten().tolist() for example in examples]


@pytest.fixture(scope="module")
def dataset() -> ShapeSceneDataset:
    return ShapeSceneDataset(24, canvas_size=32)


def test_items_are_the_same_in_any_order_and_batch(dataset: ShapeSceneDataset) -> None:
    forward = dataset.__getitems__(range(24))
    backward = [dataset[i] for i in reversed(range(24))][::-1]
    assert images(forward) == images(backward)
    assert [e.caption for e in forward] == [e.caption for e in backward]
    assert [e.index for e in forward] == list(range(24))


@pytest.mark.parametrize("workers", [1, 2])
def test_items_are_the_same_in_any_worker(dataset: ShapeSceneDataset, workers: int) -> None:
    loader = DataLoader(dataset, batch_size=5, num_workers=workers, collate_fn=list)
    assert images(e for batch in loader for e in batch) == images(dataset.__getitems__(range(24)))


def test_size_does_not_change_a_scene(dataset: ShapeSceneDataset) -> None:
    assert images([ShapeSceneDataset(1000, canvas_size=32)[7]]) == images([dataset[7]])


def test_seeds_and_splits_have_scenes_of_their_own(dataset: ShapeSceneDataset) -> None:
    others = [
        ShapeSceneDataset(24, 32, seed=1),
        *(ShapeSceneDataset(24, 32, split=s) for s in V1.splits.names[1:]),
    ]
    drawn = [tuple(map(str, images(one.__getitems__(range(4))))) for one in (dataset, *others)]
    assert len(set(drawn)) == len(drawn)


def test_a_caption_is_true_of_its_scene_and_its_colours_are_there() -> None:
    dataset = ShapeSceneDataset(40, canvas_size=64)
    for index in range(40):
        example = dataset[index]
        _, scene, caption = dataset.scene(index)
        assert example.caption == caption
        assert parse(caption).holds(scene)
        for thing in scene.things:
            x, y = int(thing.x * 64), int(thing.y * 64)
            np.testing.assert_array_equal(example.image[:, y, x], V1.colours[thing.colour])


def test_captions_are_those_of_the_items(dataset: ShapeSceneDataset) -> None:
    assert list(dataset.captions()) == [e.caption for e in dataset.__getitems__(range(24))]
    assert list(dataset.captions(3)) == list(dataset.captions())[:3]


def test_canonical_words_only() -> None:
    plain = ShapeSceneDataset(60, 32, synonyms=False)
    assert not {"tiny", "little", "big", "huge", "over", "with"} & set(" ".join(plain.captions()).split())


def test_an_item_is_bytes(dataset: ShapeSceneDataset) -> None:
    assert dataset[-1].image.dtype == torch.uint8
    assert dataset[-1].image.shape == (3, 32, 32)


def test_impossible_arguments_are_named() -> None:
    for arguments, message in [
        ({"size": 0}, "size is 0"),
        ({"canvas_size": 16}, "canvas_size is 16: expected 32 to 512"),
        ({"seed": -1}, "seed is -1"),
        ({"split": "tset"}, "split is 'tset'.*'test'"),
    ]:
        with pytest.raises(ValueError, match=message):
            ShapeSceneDataset(**arguments)


def test_an_index_outside_is_an_index_error(dataset: ShapeSceneDataset) -> None:
    with pytest.raises(IndexError, match="scene 24 of a dataset of 24"):
        dataset[24]
