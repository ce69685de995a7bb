"""Functions refuse records that a world cannot have, and a meaning holds of exactly the scenes that it describes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cvae_lightning.world import (
    DEFAULT,
    OPPOSITES,
    Group,
    Meaning,
    Scene,
    Thing,
    check_meaning,
    check_scene,
    describe,
    instance_mask,
    render,
    sample,
    sample_scene,
    verdict,
)

SQUARE = Thing("square", "blue", "large", 0.5, 0.25, 0.16)
DOTS = tuple(Thing("circle", "red", "small", x, 0.8, 0.08) for x in (0.2, 0.5, 0.8))
SCENE = Scene((SQUARE, *DOTS))
GROUPS = (Group(1, "large", "blue", "square"), Group(3, "small", "red", "circle"))
USES = (check_meaning, describe, lambda meaning: verdict([], meaning), lambda meaning: sample_scene(meaning, RNG))
RNG = np.random.default_rng(0)


def test_a_scene_is_checked() -> None:
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
        scene = Scene((replace(SQUARE, **changes),))
        for use in (check_scene, lambda scene: render([scene], 64), lambda scene: instance_mask(scene, 64)):
            with pytest.raises(ValueError, match=message):
                use(scene)


def test_a_group_is_checked() -> None:
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
        meaning = Meaning((Group(*fields),))
        for use in USES:
            with pytest.raises(ValueError, match=message):
                use(meaning)


def test_a_meaning_is_checked() -> None:
    for groups, links, message in [
        ((*GROUPS, Group(1, "small", "red", "star")), (None, None), "3 groups: expected 1 to 2"),
        (GROUPS, ("abov",), "relation is 'abov'.*did you mean 'above'"),
        ((GROUPS[0], replace(GROUPS[0], size="small")), (None,), "both groups.*'blue square'"),
    ]:
        for use in USES:
            with pytest.raises(ValueError, match=message):
                use(Meaning(groups, links))


def test_a_meaning_has_one_link_between_each_group_and_the_next() -> None:
    for groups, links in [((), ()), (GROUPS, ()), (GROUPS[:1], ("above",)), (GROUPS, ("above", None))]:
        with pytest.raises(ValueError, match=f"{len(groups)} groups and {len(links)} links: expected"):
            Meaning(groups, links)


def test_records_are_values():
    assert Meaning(GROUPS, ("above",)) == Meaning(tuple(map(replace, GROUPS)), ("above",))
    assert len({Meaning(GROUPS, (None,)), Meaning(GROUPS, (None,)), Meaning(GROUPS, ("above",))}) == 2


@pytest.mark.parametrize("relation", [None, "above"])
def test_a_meaning_holds_in_any_order_of_the_things(relation):
    assert Meaning(GROUPS, (relation,)).holds(SCENE)
    assert Meaning(GROUPS, (relation,)).holds(Scene(SCENE.things[::-1]))


@pytest.mark.parametrize("relation", ["below", "left of", "right of"])
def test_another_relation_does_not_hold(relation):
    assert not Meaning(GROUPS, (relation,)).holds(SCENE)


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
        assert not Meaning(GROUPS, ("above",)).holds(Scene(things))


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
        if not any(meaning.links):
            continue
        (relation,) = meaning.links
        turned = meaning.groups[::-1]
        assert Meaning(turned, (OPPOSITES[relation],)).holds(scene)
        assert not Meaning(turned, (relation,)).holds(scene)
        mirrored = Scene(tuple(replace(thing, x=1 - thing.x) for thing in scene.things))
        assert meaning.holds(mirrored) is (relation in ("above", "below"))
    assert set(OPPOSITES) == set(OPPOSITES.values()) == set(DEFAULT.relations)
