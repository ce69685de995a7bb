"""Records refuse what makes no sense, and a meaning holds of exactly the scenes that it describes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cvae_lightning.world import RELATIONS, Group, Meaning, Scene, Thing, sample

SQUARE = Thing("square", "blue", "large", 0.5, 0.25, 0.16)
DOTS = tuple(Thing("circle", "red", "small", x, 0.8, 0.08) for x in (0.2, 0.5, 0.8))
SCENE = Scene((SQUARE, *DOTS))
GROUPS = (Group(1, "large", "blue", "square"), Group(3, "small", "red", "circle"))
OPPOSITE = {"above": "below", "below": "above", "left of": "right of", "right of": "left of"}


def test_a_thing_refuses() -> None:
    for changes, message in [
        ({"shape": "sqare"}, "shape is 'sqare': expected circle, square.*did you mean 'square'"),
        ({"colour": "gren"}, "colour is 'gren'.*did you mean 'green'"),
        ({"size": "lrge"}, "size is 'lrge'.*did you mean 'large'"),
        ({"size": None}, "size is None: expected small, medium or large$"),
        ({"x": 32.0}, "centre is .32.0, 0.25.: expected fractions"),
        ({"y": float("nan")}, "centre is"),
        ({"r": 0.0}, "radius is 0.0: expected a positive"),
        ({"r": float("inf")}, "radius is inf"),
    ]:
        with pytest.raises(ValueError, match=message):
            replace(SQUARE, **changes)


def test_a_group_refuses() -> None:
    for fields, message in [
        ((0, "small", "red", "circle"), "count is 0: expected 1 to 5 small things"),
        ((6, "small", "red", "circle"), "count is 6: expected 1 to 5 small things"),
        ((4, "medium", "red", "circle"), "count is 4: expected 1 to 3 medium things"),
        ((3, "large", "red", "circle"), "count is 3: expected 1 to 2 large things"),
        ((6, None, "red", "circle"), "count is 6: expected 1 to 5 things"),
        ((1, "tiny", "red", "circle"), "size is 'tiny': expected small, medium or large"),
        ((1, None, "orang", "circle"), "did you mean 'orange'"),
        ((1, None, "red", "crosses"), "did you mean 'cross'"),
    ]:
        with pytest.raises(ValueError, match=message):
            Group(*fields)


def test_a_meaning_refuses() -> None:
    for groups, relation, message in [
        ((), None, "0 groups: expected 1 or 2"),
        (GROUPS + GROUPS[:1], None, "3 groups"),
        (GROUPS[:1], "above", "'above' needs 2 groups"),
        (GROUPS, "abov", "relation is 'abov'.*did you mean 'above'"),
        ((GROUPS[0], replace(GROUPS[0], size="small")), None, "both groups.*'blue square'"),
    ]:
        with pytest.raises(ValueError, match=message):
            Meaning(groups, relation)


def test_records_are_values():
    assert Meaning(GROUPS, "above") == Meaning(tuple(map(replace, GROUPS)), "above")
    assert len({Meaning(GROUPS), Meaning(GROUPS), Meaning(GROUPS, "above")}) == 2


@pytest.mark.parametrize("relation", [None, "above"])
def test_a_meaning_holds_in_any_order_of_the_things(relation):
    assert Meaning(GROUPS, relation).holds(SCENE)
    assert Meaning(GROUPS, relation).holds(Scene(SCENE.things[::-1]))


@pytest.mark.parametrize("relation", ["below", "left of", "right of"])
def test_another_relation_does_not_hold(relation):
    assert not Meaning(GROUPS, relation).holds(SCENE)


def test_a_caption_is_complete() -> None:
    for things in [
        (),
        DOTS,
        (SQUARE,),
        (SQUARE, *DOTS[1:]),
        (SQUARE, *DOTS, Thing("star", "black", "small", 0.1, 0.1, 0.08)),
        (SQUARE, *DOTS, replace(DOTS[0], y=0.6)),
        (replace(SQUARE, colour="green"), *DOTS),
        (replace(SQUARE, shape="diamond"), *DOTS),
        (replace(SQUARE, size="medium"), *DOTS),
        (SQUARE, *DOTS[1:], replace(DOTS[0], size="medium")),
        (replace(SQUARE, y=0.8), *DOTS),
        (SQUARE, *DOTS[1:], replace(DOTS[0], y=0.1)),
    ]:
        assert not Meaning(GROUPS, "above").holds(Scene(things))


def test_a_size_not_specified_can_be_any():
    meaning = Meaning((Group(3, None, "red", "circle"),))
    assert meaning.holds(Scene(DOTS))
    assert meaning.holds(Scene((*DOTS[1:], replace(DOTS[0], size="large"))))
    assert not meaning.holds(Scene(DOTS[1:]))


def test_a_colour_not_specified_can_be_any():
    meaning = Meaning((Group(3, "small", None, "circle"),))
    assert meaning.holds(Scene(DOTS))
    assert meaning.holds(Scene((*DOTS[1:], replace(DOTS[0], colour="green"))))
    assert not meaning.holds(Scene((*DOTS[1:], replace(DOTS[0], shape="star"))))


def test_relations_of_sampled_scenes_have_opposites_and_mirror():
    rng = np.random.default_rng(1)
    for meaning, scene in (sample(rng) for _ in range(300)):
        if meaning.relation is None:
            continue
        first, second = meaning.groups
        assert Meaning((second, first), OPPOSITE[meaning.relation]).holds(scene)
        assert not Meaning((second, first), meaning.relation).holds(scene)
        mirrored = Scene(tuple(replace(thing, x=1 - thing.x) for thing in scene.things))
        sideways = meaning.relation in ("left of", "right of")
        assert meaning.holds(mirrored) is not sideways
    assert set(OPPOSITE) == set(RELATIONS)
