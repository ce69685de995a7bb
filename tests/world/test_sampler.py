"""Sampled scenes are what their meanings say, obey the geometry, and stay within their split."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import combinations, pairwise, product
from math import hypot, sqrt

import numpy as np
import pytest

from cvae_lightning.world import (
    DEFAULT,
    V1,
    Group,
    Meaning,
    Mix,
    Scene,
    complete_meaning,
    placement,
    sample,
    sample_meaning,
    sample_scene,
    scene_rng,
    split_contains,
)

NOVEL = DEFAULT.splits.names[3:]


@cache
def drawn(split: str, count: int = 400) -> list[tuple[Meaning, Scene]]:
    return [sample(scene_rng(0, split, index), split) for index in range(count)]


def form(meaning: Meaning) -> str:
    if any(meaning.links):
        return "relation"
    return "one" if len(meaning.groups) == 1 else "joined"


def one(count, colour, shape):
    return Meaning((Group(count, None, colour, shape),))


def pair(first, relation, second):
    return Meaning((Group(1, None, "black", first), Group(1, None, "yellow", second)), (relation,))


@pytest.mark.parametrize("split", DEFAULT.splits.names)
def test_scenes_are_what_their_meanings_say(split):
    for meaning, scene in drawn(split):
        assert meaning.holds(scene)
        assert split_contains(split, meaning)
        assert all(group.size is not None for group in meaning.groups)


@pytest.mark.parametrize("split", DEFAULT.splits.names)
def test_things_keep_their_distances(split):
    for _, scene in drawn(split):
        for thing in scene.things:
            assert 0.93 <= thing.r / DEFAULT.sizes[thing.size] <= 1.07
            margin = min(thing.x, thing.y, 1 - thing.x, 1 - thing.y)
            assert margin >= 1.3 * thing.r + 0.01 - 1e-12
        for a, b in combinations(scene.things, 2):
            shares = [1.45 if thing.shape == "triangle" else 1.28 for thing in (a, b)]
            assert hypot(a.x - b.x, a.y - b.y) >= shares[0] * a.r + shares[1] * b.r + 0.01 - 1e-12


def outline(thing) -> np.ndarray:
    """Corners on the canvas, of a fine polygon for a circle."""
    angles = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    around = DEFAULT.shapes[thing.shape] or np.stack((np.cos(angles), np.sin(angles)), axis=1)
    return np.array([thing.x, thing.y]) + thing.r * np.asarray(around)


@pytest.mark.parametrize("split", ["train", "novel_relation"])
def test_a_straight_line_separates_the_shapes_of_a_relation(split):
    checked = Counter()
    for meaning, scene in drawn(split):
        if not any(meaning.links):
            continue
        (relation,) = meaning.links
        sides = [
            np.concatenate([outline(thing) for thing in scene.things if group.names(thing)]) for group in meaning.groups
        ]
        if relation in ("below", "right of"):
            sides.reverse()
        axis = 1 if relation in ("above", "below") else 0
        assert sides[0][:, axis].max() <= sides[1][:, axis].min() + 1e-12
        checked[relation] += 1
    assert len(checked) == 4


def test_places_cover_what_the_rules_allow():
    rng = np.random.default_rng(0)
    meaning = Meaning((Group(1, "small", "red", "circle"), Group(1, "small", "blue", "circle")), ("above",))
    scenes = [sample_scene(meaning, rng) for _ in range(4000)]
    places = np.array([[(thing.x, thing.y) for thing in scene.things] for scene in scenes])
    assert places[..., 0].min() < 0.12
    assert places[..., 0].max() > 0.88
    assert places[:, 0, 1].min() < 0.12
    assert places[:, 0, 1].max() > 0.65
    assert places[:, 1, 1].min() < 0.35
    assert places[:, 1, 1].max() > 0.88
    radii = np.array([thing.r / 0.08 for scene in scenes for thing in scene.things])
    assert radii.mean() == pytest.approx(1, abs=0.003)
    assert radii.std() == pytest.approx(0.14 / sqrt(12), rel=0.03)


def test_splits_of_version_1_contain() -> None:
    for split, meaning in [
        ("novel_pair", one(1, "red", "star")),
        ("novel_pair", one(2, "cyan", "circle")),
        ("novel_pair", Meaning((Group(1, None, "red", "cross"), Group(1, None, "purple", "square")), (None,))),
        ("novel_count", one(4, "red", "triangle")),
        ("novel_count", one(4, "black", "cross")),
        ("novel_count", one(3, "black", "star")),
        ("novel_relation", pair("circle", "above", "star")),
        ("novel_relation", pair("star", "left of", "circle")),
        ("novel_relation", pair("square", "below", "triangle")),
        ("novel_relation", pair("diamond", "right of", "cross")),
        ("train", one(1, "orange", "star")),
        ("train", one(3, "red", "triangle")),
        ("train", one(5, "black", "cross")),
        ("train", one(4, "black", "star")),
        ("train", pair("star", "below", "circle")),
        ("train", pair("star", "above", "circle")),
        ("train", pair("circle", None, "star")),
        ("train", Meaning((Group(2, None, "red", "cross"), Group(2, None, "blue", "cross")), (None,))),
        (None, one(3, "red", "star")),
        (None, one(4, "green", "triangle")),
    ]:
        expected = {"train", "val", "test"} if split == "train" else {split} - {None}
        assert {name for name in V1.splits.names if split_contains(name, meaning, world=V1)} == expected


def test_splits_are_disjoint_where_they_must_be():
    meanings = {split: {meaning for meaning, _ in drawn(split)} for split in DEFAULT.splits.names}
    for novel in NOVEL:
        for other in set(DEFAULT.splits.names) - {novel}:
            assert not meanings[novel] & meanings[other]


@pytest.mark.parametrize("split", DEFAULT.splits.names[:5])
def test_forms_come_as_often_as_the_mix_says(split):
    rng = np.random.default_rng(5)
    forms = Counter(form(sample_meaning(rng, split)) for _ in range(2000))
    shares = {name: count / 2000 for name, count in forms.items()}
    assert shares == pytest.approx({"one": 0.3, "joined": 0.2, "relation": 0.5}, abs=0.04)


def test_placing_does_not_change_the_mix():
    forms = Counter(form(meaning) for split in ("train", "val", "test") for meaning, _ in drawn(split))
    shares = {name: count / 1200 for name, count in forms.items()}
    assert shares == pytest.approx({"one": 0.3, "joined": 0.2, "relation": 0.5}, abs=0.04)


def test_the_groups_of_a_form_are_equally_likely():
    rng = np.random.default_rng(6)
    groups = [sample_meaning(rng, "train", Mix(1, 0, 0), world=V1).groups[0] for _ in range(12_000)]
    size_and_count = Counter((group.size, group.count) for group in groups)
    assert len(size_and_count) == 10
    # The held-out stars, triangles and crosses are missing from some.
    assert max(size_and_count.values()) / min(size_and_count.values()) < 1.7
    kinds = Counter((group.colour, group.shape) for group in groups if group.shape in ("circle", "diamond"))
    assert len(kinds) == 14
    assert max(kinds.values()) / min(kinds.values()) < 1.4


@pytest.mark.parametrize("world", [V1, DEFAULT], ids=lambda world: world.name)
def test_every_meaning_of_one_group_is_equally_likely(world):
    rng = np.random.default_rng(6)
    drawn = Counter(sample_meaning(rng, "train", Mix(1, 0, 0), world=world) for _ in range(12_000))
    sizes = [(size, count) for size in world.sizes for count in range(1, world.max_counts[size] + 1)]
    kinds = list(product(world.colours, world.shapes))
    every = {Meaning((Group(count, size, *kind),)) for size, count in sizes for kind in kinds}
    assert set(drawn) == {meaning for meaning in every if split_contains("train", meaning, world=world)}
    mean = 12_000 / len(drawn)
    assert sum((count - mean) ** 2 for count in drawn.values()) / mean == pytest.approx(len(drawn), rel=0.25)


def test_a_meaning_that_cannot_be_placed_is_drawn_again(monkeypatch):
    crowded = Meaning((Group(5, "small", "red", "star"), Group(5, "small", "blue", "star")), ("above",))
    assert any(sample_scene(crowded, np.random.default_rng(seed)) for seed in range(5))
    monkeypatch.setattr(placement, "MAX_ATTEMPTS", 1)
    monkeypatch.setattr(placement, "MAX_TRIES", 1)
    rng = np.random.default_rng(4)
    assert [sample_scene(crowded, rng) for _ in range(20)] == [None] * 20
    drawn = [sample(rng) for _ in range(600)]
    assert all(meaning.holds(scene) for meaning, scene in drawn)
    assert sum(form(meaning) == "relation" for meaning, _ in drawn) / 600 == pytest.approx(0.5, abs=0.06)


def test_a_mix_is_scaled():
    assert Mix(3, 2, 5) == Mix()
    assert Mix(0, 0, 4) == Mix(0, 0, 1)


def test_a_mix_refuses() -> None:
    for shares, message in [
        ((-1, 1, 1), "mix of 'one' is -1: expected"),
        ((1, float("nan"), 1), "mix of 'joined' is nan"),
        ((1, 1, float("inf")), "mix of 'relation' is inf"),
        ((0, 0, 0), "mix is 0 for every form"),
    ]:
        with pytest.raises(ValueError, match=message):
            Mix(*shares)


def test_a_split_that_lacks_the_forms_of_a_mix_is_refused():
    with pytest.raises(ValueError, match=r"mix of 'relation' is 0.*'novel_relation'"):
        sample(np.random.default_rng(0), "novel_relation", Mix(1, 1, 0))


def test_a_misspelt_split_is_answered() -> None:
    for use in [
        lambda split: split_contains(split, one(1, "red", "star")),
        lambda split: sample(np.random.default_rng(0), split),
        lambda split: sample_meaning(np.random.default_rng(0), split),
        lambda split: scene_rng(0, split, 0),
    ]:
        with pytest.raises(ValueError, match=r"split is 'novel_pairs'.*did you mean 'novel_pair'"):
            use("novel_pairs")


def test_a_scene_is_a_pure_function_of_seed_split_and_index():
    again = [sample(scene_rng(0, "train", index)) for index in reversed(range(50))][::-1]
    assert again == drawn("train")[:50]
    streams = {scene_rng(*key).random() for key in [(0, "train", 0), (1, "train", 0), (0, "val", 0)]}
    streams |= {scene_rng(0, "train", index).random() for index in range(100)}
    assert len(streams) == 102


@pytest.mark.parametrize("key", [(-1, "train", 0), (0, "train", -1)])
def test_a_negative_seed_or_index_is_refused(key):
    with pytest.raises(ValueError, match="expected 0 or more"):
        scene_rng(*key)


def test_a_size_left_unsaid_is_drawn_among_those_that_allow_the_count():
    rng = np.random.default_rng(2)
    for count, allowed in {1: {"small", "medium", "large"}, 3: {"small", "medium"}, 4: {"small"}}.items():
        scenes = [sample_scene(one(count, "red", "square"), rng) for _ in range(60)]
        assert all(one(count, "red", "square").holds(scene) for scene in scenes)
        sizes = [{thing.size for thing in scene.things} for scene in scenes]
        assert all(len(found) == 1 for found in sizes)
        assert set.union(*sizes) == allowed


def test_a_colour_left_unsaid_is_drawn_for_the_group():
    meaning = Meaning((Group(3, "small", None, "star"),))
    scenes = [sample_scene(meaning, np.random.default_rng(seed)) for seed in range(60)]
    assert all(scene is not None and meaning.holds(scene) for scene in scenes)
    colours = [{thing.colour for thing in scene.things} for scene in scenes if scene is not None]
    assert all(len(one) == 1 for one in colours)
    assert len(set().union(*colours)) == 8


def test_what_is_unsaid_is_specified_and_the_rest_stays():
    meaning = Meaning((Group(3, None, "red", "circle"), Group(1, "large", None, "star")), ("above",))
    for seed in range(40):
        completed = complete_meaning(meaning, np.random.default_rng(seed))
        assert completed.links == ("above",)
        assert completed.groups[0].size in ("small", "medium")
        assert completed.groups[1].colour is not None
        expected = Meaning(
            (
                Group(3, completed.groups[0].size, "red", "circle"),
                Group(1, "large", completed.groups[1].colour, "star"),
            ),
            ("above",),
        )
        assert completed == expected == complete_meaning(expected, np.random.default_rng(seed))


def test_neighbouring_draws_differ():
    scenes = [scene for _, scene in drawn("train")]
    assert all(a != b for a, b in pairwise(scenes))
