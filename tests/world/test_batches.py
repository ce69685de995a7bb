"""Scenes in batches are the scenes that are drawn one at a time: same draws, same captions, same pixels."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from support.scene_hashes import FILE, WORLDS, count_of, hashes, record

from cvae_lightning.world import (
    DEFAULT,
    V1,
    Mix,
    Scene,
    Thing,
    captioned_scene,
    captioned_scenes,
    render,
    scene_rng,
    world_named,
)
from cvae_lightning.world.batch.ahead import BLOCK, Ahead
from cvae_lightning.world.batch.streams import Streams
from cvae_lightning.world.renderer import mixtures, sides_of
from cvae_lightning.world.splits import NUMBERS

GOLDEN = json.loads(FILE.read_text())
FOUR_GROUPS = replace(
    world_named("three_groups"),
    name="four",
    max_groups=4,
    more_groups=0.7,
    max_counts={"small": 2, "medium": 2, "large": 1},
)
NO_RELATION = replace(
    V1,
    name="none",
    relations=(),
    mix=Mix(1, 1, 0),
    splits=replace(V1.splits, novel_relation=()),
    language=replace(V1.language, links={"joined": ("and",)}),
)


THREE_NEVER = replace(
    world_named("three_groups"), name="never", splits=replace(world_named("three_groups").splits, novel_groups=(3,))
)
THREE_SELDOM = replace(THREE_NEVER, name="seldom", splits=replace(THREE_NEVER.splits, group_exceptions=0.2))


@pytest.mark.parametrize("name", WORLDS)
def test_worlds_are_what_they_were(name):
    """Hashes of every split, written before scenes were drawn in batches."""
    world = world_named(name)
    assert tuple(GOLDEN[name]) == world.splits.names
    for split, expected in GOLDEN[name].items():
        batch = captioned_scenes(0, split, range(count_of(split)), world=world)
        assert hashes([batch[i] for i in range(len(batch))], name) == expected


@pytest.mark.parametrize(
    "world", [V1, DEFAULT, FOUR_GROUPS, NO_RELATION, THREE_NEVER, THREE_SELDOM], ids=lambda world: world.name
)
def test_a_batch_is_its_scenes(world):
    indices = [7, 3, 2**32 + 5, 0, 3, 11, 2**40]
    related = Mix(0, 1, 9 if world.relations else 0)
    last = world.splits.names[-2]
    for split, seed, mix, synonyms in (
        ("train", 0, None, False),
        ("test", 2**70, related, True),
        (last, 1, None, True),
    ):
        batch = captioned_scenes(seed, split, indices, mix, synonyms, world=world)
        plain = [captioned_scene(seed, split, index, mix, synonyms, world=world) for index in indices]
        assert [record(batch[i]) for i in range(len(indices))] == list(map(record, plain))
        some = batch.take([4, 0])
        assert [record(some[i]) for i in range(2)] == [record(plain[4]), record(plain[0])]
        assert (some.draw(64) == render([plain[4].scene, plain[0].scene], 64, world=world)).all()


def test_refusals_are_those_of_one_scene():
    for arguments in ((0, "trian", [0]), (-1, "train", [0]), (0, "train", [0, -1])):
        with pytest.raises(ValueError, match="expected"):
            captioned_scenes(*arguments)
    with pytest.raises(ValueError, match="novel_relation"):
        captioned_scenes(0, "novel_relation", [0], Mix(1, 1, 0))
    with pytest.raises(ValueError, match="novel_groups"):
        captioned_scenes(0, "novel_groups", [0], Mix(1, 0, 0), world=THREE_NEVER)
    with pytest.raises(ValueError, match="2 groups"):
        captioned_scenes(0, "train", range(9), world=replace(DEFAULT, max_groups=1))


def test_a_number_of_groups_is_withheld_whole_or_nearly():
    def numbers(split, world):
        batch = captioned_scenes(0, split, range(1_500), world=world)
        return [len(batch[i].meaning.groups) for i in range(len(batch))]

    assert set(numbers("train", THREE_NEVER)) == {1, 2}
    assert set(numbers("novel_groups", THREE_NEVER)) == set(numbers("novel_groups", THREE_SELDOM)) == {3}
    share = numbers("train", THREE_SELDOM).count(3) / 1_500  # 0.35 of meanings have three groups, 0.2 of these are left
    assert 0.07 < share < 0.13


def test_streams_are_generators():
    """Whatever is drawn in which order, also by a generator that is read ahead over the end of its block."""
    rng, indices = np.random.default_rng(0), np.array([0, 1, 5, 99, 2**32 - 1, 2**32])
    streams = Streams.of_scenes(3, NUMBERS["val"], indices)
    plain = [scene_rng(3, "val", int(index)) for index in indices]
    for _ in range(40):
        lanes = np.flatnonzero(rng.random(len(indices)) < 0.6)
        bounds = rng.integers(1, 2 ** rng.integers(1, 32), len(lanes))
        expected = [plain[lane].integers(bound) for lane, bound in zip(lanes, bounds, strict=True)]
        assert streams.integers(lanes, bounds).tolist() == expected
        assert streams.doubles(lanes).tolist() == [plain[lane].random() for lane in lanes]
    lanes = np.array([4, 1])
    ahead = Ahead(streams, lanes)
    for step in range(BLOCK // 50):
        assert ahead.doubles(np.array([1])).tolist() == [plain[1].random()]
        known = [plain[lane].random(64)[step % 32 :][:16].tolist() for lane in lanes]
        assert ahead.peek(np.arange(2), step % 32, 16).T.tolist() == known
        ahead.skip(np.arange(2), 64)
    ahead.finish()
    assert streams.doubles(lanes).tolist() == [plain[lane].random() for lane in lanes]


@pytest.mark.parametrize("size", [37, 64, 256])
def test_pixels_are_sums_of_all_things(size):
    """Things that overlap, that the border cuts off, and circles whose rows are exactly three quarters covered."""
    rng = np.random.default_rng(size)
    names, colours = list(DEFAULT.shapes), list(DEFAULT.colours)
    scenes = [
        Scene(
            tuple(
                Thing(str(rng.choice(names)), str(rng.choice(colours)), "small", *rng.random(2).tolist(), float(r))
                for r in rng.uniform(0.02, 0.2, number)
            )
        )
        for number in (0, 1, 3, 6, 0, 2)
    ]
    circles = (("purple", 0.25), ("black", 0.75))
    scenes.append(Scene(tuple(Thing("circle", colour, "small", x, 0.5, 0.15) for colour, x in circles)))
    expected = []
    for scene in scenes:
        shapes = [sides_of(DEFAULT.shapes[thing.shape]) for thing in scene.things]
        positions = np.array([(0, thing.x * size, thing.y * size, thing.r * size) for thing in scene.things])
        tints = np.array([np.subtract(DEFAULT.colours[thing.colour], DEFAULT.background) for thing in scene.things])
        image = np.zeros((size, size, 3))
        if shapes:
            image += np.stack([mixed[0] for mixed in mixtures(shapes, positions, tints, 1, size)], axis=-1)
        expected.append(np.clip(image + np.array(DEFAULT.background) + 0.5, 0, 255).astype(np.uint8))
    assert (render(scenes, size) == np.stack(expected)).all()
