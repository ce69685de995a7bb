"""What training withholds stays withheld, whatever the wording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise, permutations, product

import numpy as np
import pytest

from cvae_lightning.world import (
    DEFAULT,
    OPPOSITES,
    V1,
    Group,
    Meaning,
    Mix,
    Splits,
    World,
    captioned_scene,
    content,
    sample_meaning,
    split_contains,
    world_named,
)

WORLDS = [DEFAULT, V1]
NAMES = [world.name for world in WORLDS]


def drawn(world: World, count: int = 3000, **mix: float) -> list[Meaning]:
    """Meanings of no split in particular: those of a world that withholds nothing."""
    everything = replace(world, splits=Splits())
    rng = np.random.default_rng(0)
    return [sample_meaning(rng, mix=Mix(**mix) if mix else None, world=everything) for _ in range(count)]


def wordings(meaning: Meaning) -> Iterator[Meaning]:
    """Every meaning in the same words and chain of links that is true of the same scenes."""
    stated = {}
    for (first, second), link in zip(pairwise(meaning.groups), meaning.links, strict=True):
        if link:
            stated[first, second], stated[second, first] = link, OPPOSITES[link]
    for groups in permutations(meaning.groups):
        links = tuple(stated.get(pair) for pair in pairwise(groups))
        if sum(map(bool, links)) == len(stated) // 2:
            yield Meaning(groups, links)


@pytest.mark.parametrize("world", WORLDS, ids=NAMES)
def test_no_meaning_is_in_two_splits_that_must_be_apart(world):
    alike = {"train", "val", "test"}
    for meaning in drawn(world):
        splits = {split for split in world.splits.names if split_contains(split, meaning, world=world)}
        assert splits in (set(), alike) or len(splits - alike) == len(splits) == 1


def test_all_wordings_of_a_content_are_in_the_same_split():
    for meaning in drawn(DEFAULT):
        others = list(wordings(meaning))
        assert len(others) == len(meaning.groups)
        assert {content(other) for other in others} == {content(meaning)}
        for split in DEFAULT.splits.names:
            assert len({split_contains(split, other) for other in others}) == 1


def test_version_1_withholds_one_wording_of_a_relation():
    one, other = (
        Meaning((Group(1, None, "black", first), Group(1, None, "yellow", second)), (link,))
        for first, link, second in (("circle", "above", "star"), ("star", "below", "circle"))
    )
    assert split_contains("novel_relation", one, world=V1)
    assert split_contains("train", other, world=V1)


def test_contents_differ_where_scenes_do():
    a, b, c = (Group(1, "small", "red", shape) for shape in ("circle", "star", "cross"))
    chains = [Meaning((a, b, c), links) for links in product((None, "above", "left of", "below"), repeat=2)]
    chains += [Meaning((a, c, b), links) for links in product((None, "above", "left of", "below"), repeat=2)]
    # Both orders of b and c say three contents: joined, b above c and b below c. `right of` is not among the links.
    assert len({content(chain) for chain in chains}) == 2 * 16 - 3
    assert content(Meaning((a, b, c), ("above", "above"))) == content(Meaning((c, b, a), ("below", "below")))
    assert content(Meaning((a, b), ("above",))) != content(Meaning((b, a), ("above",)))
    assert content(Meaning((a,))) != content(Meaning((replace(a, size=None),)))


@pytest.mark.parametrize("mix", [{"one": 1, "joined": 0, "relation": 0}, {"one": 0, "joined": 1, "relation": 1}])
def test_a_tenth_of_all_contents_is_held_out(mix):
    contents = {content(meaning) for meaning in drawn(DEFAULT, 8000, **mix)}
    assert np.mean([one.fraction() < DEFAULT.splits.heldout for one in contents]) == pytest.approx(0.1, abs=0.01)


def test_the_hash_never_changes():
    small = Meaning((Group(3, "small", "red", "circle"), Group(1, "large", "blue", "square")), ("below",))
    assert content(small).fraction() == 0.24943273890104012
    assert content(Meaning((Group(2, None, None, "star"),))).fraction() == 0.9877617981801097


def test_no_scene_has_a_content_of_another_split():
    contents = {
        split: {content(captioned_scene(0, split, index).meaning) for index in range(300)}
        for split in DEFAULT.splits.names
    }
    heldout = contents.pop("heldout")
    assert all(one.fraction() < 0.1 for one in heldout)
    assert all(one.fraction() >= 0.1 for others in contents.values() for one in others)
    forms = {meaning.form for meaning in (captioned_scene(0, "heldout", index).meaning for index in range(100))}
    assert forms == {"one", "joined", "relation"}


@pytest.mark.parametrize("diagonals", [1, 3, 5, 8])
def test_diagonals_of_the_grid_of_colours_and_shapes_are_novel_pairs(diagonals):
    mosaic = world_named("mosaic")
    world = replace(mosaic, splits=replace(mosaic.splits, diagonals=diagonals))
    grid = list(product(world.colours, world.shapes))
    assert len(grid) == 100
    novel = [pair for pair in grid if split_contains("novel_pair", Meaning((Group(1, None, *pair),)), world=world)]
    assert len(novel) == 10 * diagonals
    for words in zip(*novel, strict=True):
        assert {word: words.count(word) for word in words} == dict.fromkeys(words, diagonals)
    colours, shapes = list(world.colours), list(world.shapes)
    assert {(shapes.index(shape) - colours.index(colour)) % 10 for colour, shape in novel} == set(range(diagonals))
