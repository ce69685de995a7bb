"""Version 1 is what it was before worlds became values: scenes, captions, pixels and verdicts, byte for byte."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from cvae_lightning.world import V1, CaptionedScene, captioned_scene, detect, judge, render

GOLDEN = json.loads((Path(__file__).parent / "golden/v1.json").read_text())
"""Hashes by split, written by the code of version 1; they are never written again."""
SCENES, LARGE, JUDGED = 500, 50, 100


def digest(values: object) -> str:
    return sha256(values if isinstance(values, bytes) else str(values).encode()).hexdigest()


def record(example: CaptionedScene) -> str:
    meaning, scene, caption = example
    groups = [[group.count, group.size, group.colour, group.shape] for group in meaning.groups]
    things = [[t.shape, t.colour, t.size, t.x.hex(), t.y.hex(), t.r.hex()] for t in scene.things]
    return json.dumps([groups, list(meaning.links), things, caption])


@pytest.mark.parametrize("split", GOLDEN)
def test_a_split_is_what_it_was(split):
    expected = GOLDEN[split]
    examples = [captioned_scene(0, split, index, world=V1) for index in range(SCENES)]
    assert digest("\n".join(map(record, examples))) == expected["records"]
    scenes = [example.scene for example in examples]
    small, large = render(scenes, 64, world=V1), render(scenes[:LARGE], 256, world=V1)
    assert digest(small.tobytes()) == expected["pixels_64"]
    assert digest(large.tobytes()) == expected["pixels_256"]


@pytest.mark.parametrize("split", GOLDEN)
def test_verdicts_are_what_they_were(split):
    """On clean pictures, noisy ones with other captions, and large ones."""
    examples = [captioned_scene(0, split, index, world=V1) for index in range(JUDGED)]
    scenes, meanings = [example.scene for example in examples], [example.meaning for example in examples]
    small, large = render(scenes, 64, world=V1), render(scenes[:LARGE], 256, world=V1)
    rng = np.random.default_rng(7)
    noise = rng.integers(-60, 61, small.shape) * (rng.random((JUDGED, 1, 1, 1)) < 0.5)
    noisy = np.clip(small.astype(int) + noise, 0, 255).astype(np.uint8)
    verdicts = [
        *judge(small, meanings, world=V1),
        *judge(noisy, meanings[1:] + meanings[:1], world=V1),
        *judge(large, meanings[:LARGE], world=V1),
    ]
    assert digest([(found.atoms(), found.reason) for found in verdicts]) == GOLDEN[split]["verdicts"]
    detections = [
        [(t.shape, t.colour, t.size, t.x.hex(), t.y.hex(), t.r.hex(), t.confidence.hex()) for t in things]
        for things in detect(noisy, world=V1)
    ]
    assert digest(detections) == GOLDEN[split]["detections"]


def test_the_splits_are_those_of_version_1():
    assert tuple(GOLDEN) == V1.splits.names
