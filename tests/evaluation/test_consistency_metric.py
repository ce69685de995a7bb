"""The metric is the judge's word, counted: exact shares, whatever form images and captions have."""

from dataclasses import replace

import pytest
import torch
from torchmetrics import Metric

from cvae_lightning.data import ShapeSceneDataset
from cvae_lightning.data.images import to_uint8
from cvae_lightning.evaluation.consistency_metric import CaptionConsistency
from cvae_lightning.world import ATOMS, DEFAULT, CaptionError, Meaning, detect, parse


@pytest.fixture(scope="module")
def scenes() -> tuple[torch.Tensor, list[Meaning]]:
    dataset = ShapeSceneDataset(size=40, canvas_size=64, split="val")
    examples = dataset.__getitems__(range(40))
    return torch.stack([example.image for example in examples]), [parse(example.caption) for example in examples]


def shares(metric: Metric) -> dict[str, float]:
    return {name: round(float(value), 6) for name, value in metric.compute().items()}


def counted(images: torch.Tensor, meanings: list[Meaning]) -> CaptionConsistency:
    metric = CaptionConsistency()
    metric.update(images, meanings)
    return metric


def test_real_scenes_are_right_in_everything(scenes) -> None:
    assert shares(counted(*scenes)) == dict.fromkeys(ATOMS, 1.0)


def test_shares_are_of_the_images_that_are_asked(scenes) -> None:
    images, meanings = scenes
    emptied = images.clone()
    emptied[:10] = 250
    found = shares(counted(emptied, meanings))
    related = [any(meaning.links) for meaning in meanings]
    for atom in ("count", "colour", "shape", "size", "all"):
        assert found[atom] == 0.75
    assert found["relation"] == pytest.approx(sum(related[10:]) / sum(related), abs=1e-6)


def test_relation_is_missing_where_none_is_stated(scenes) -> None:
    images, meanings = scenes
    plain = [number for number, meaning in enumerate(meanings) if not any(meaning.links)]
    assert set(shares(counted(images[plain], [meanings[k] for k in plain]))) == set(ATOMS) - {"relation"}


def test_colours_swapped_fail_colour_and_all_alone(scenes) -> None:
    images, meanings = scenes
    # Red for blue and blue for red; others become colours that no world has.
    metric = CaptionConsistency(replace(DEFAULT, strict=False))
    metric.update(images.flip(1), meanings)
    found = shares(metric)
    assert found["count"] == found["shape"] == found["size"] == 1.0
    assert found["colour"] < 0.5
    assert found["all"] <= found["colour"]


def test_floats_bytes_and_detected_things_are_judged_alike_and_so_are_captions(scenes) -> None:
    images, meanings = scenes
    damaged = images.clone()
    damaged[::3, :, :32] = 250
    expected = shares(counted(damaged, meanings))
    assert 0 < expected["all"] < 1
    assert shares(counted(damaged.float() / 255, meanings)) == expected
    metric = CaptionConsistency()
    metric.update(detect(to_uint8(damaged)), meanings)
    assert shares(metric) == expected
    captions = ShapeSceneDataset(size=40, canvas_size=64, split="val").captions()
    metric.reset()
    metric.update(damaged, list(captions))
    assert shares(metric) == expected


def test_parts_on_several_processes_sum_to_the_whole(scenes) -> None:
    images, meanings = scenes
    damaged = images.clone()
    damaged[:13] = 250
    first, second = counted(damaged[:11], meanings[:11]), counted(damaged[11:], meanings[11:])
    first.merge_state(second)
    assert shares(first) == shares(counted(damaged, meanings))


def test_mistakes_are_named(scenes) -> None:
    images, meanings = scenes
    with pytest.raises(ValueError, match="40"):
        counted(images, meanings[:3])
    with pytest.raises(CaptionError, match="squid"):
        counted(images[:1], ["a red squid"])
