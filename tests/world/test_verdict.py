"""The verdict on detections: what each atom and its reason say, without pixels."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np

from cvae_lightning.world import ATOMS, DEFAULT, UNCLEAR, Detection, Group, Meaning, Thing, parse, verdict


def detection_of(shape: str, colour: str, size: str, x: float = 0.5, y: float = 0.5) -> Detection:
    return Detection(shape, colour, size, x, y, 0.1, 0.5)


def test_everything_implies_the_other_atoms():
    """Over things at random, of few words so that some fit."""
    rng = np.random.default_rng(6)
    shapes, colours, sizes = ("circle", "star", UNCLEAR), ("red", UNCLEAR), ("small", "large", UNCLEAR)
    passed = 0
    for _ in range(4000):
        things = [
            detection_of(*(str(rng.choice(words)) for words in (shapes, colours, sizes)), *rng.random(2))
            for _ in range(rng.integers(4))
        ]
        counts, sizes_given = rng.integers(1, 3, 2).tolist(), [None, "small", "large"]
        groups = [
            Group(count, sizes_given[rng.integers(3)], [None, "red"][rng.integers(2)], shape)
            for count, shape in zip(counts, ("circle", "star"), strict=True)
        ]
        single = rng.random() < 0.3
        links = () if single else ([None, "above"][rng.integers(2)],)
        meaning = Meaning(tuple(groups[:1] if single else groups), links)
        found = verdict(things, meaning)
        passed += found.all
        if found.all:
            assert found.count
            assert found.colour
            assert found.shape
            assert found.size
            assert found.relation is not False
        assert (found.relation is None) == (not any(meaning.links))
    assert passed > 5


def test_a_size_not_specified_can_be_any() -> None:
    for caption, sizes, size, everything in [
        ("2 red circles", ("small", "large"), True, True),
        ("2 red circles", ("small", "small"), True, True),
        ("2 red circles", ("small", UNCLEAR), False, False),
        ("2 small red circles", ("small", "large"), False, False),
        ("a red circle and a small red star", ("large", "small"), True, True),
        ("a red circle and a small red star", ("small", "small"), True, True),
        ("a small red circle and a red star", ("large", "small"), True, False),
        ("a small red circle and a red star", ("large", "large"), False, False),
        ("a small red circle and a red star", ("small", UNCLEAR), False, False),
    ]:
        meaning = parse(caption)
        shapes = [group.shape for group in meaning.groups for _ in range(group.count)]
        found = verdict([detection_of(shape, "red", s) for shape, s in zip(shapes, sizes, strict=True)], meaning)
        assert (found.size, found.all) == (size, everything)


def test_a_colour_not_specified_can_be_any() -> None:
    for caption, colours, colour, everything in [
        ("2 small circles", ("red", "blue"), True, True),
        ("2 small circles", ("red", "red"), True, True),
        ("2 small circles", ("red", UNCLEAR), False, False),
        ("a small circle and a small red star", ("blue", "red"), True, True),
        ("a small circle and a small red star", ("red", "blue"), True, False),
        ("a small circle and a small red star", ("blue", "blue"), False, False),
        ("a small circle and a small red star", (UNCLEAR, "red"), False, False),
    ]:
        meaning = parse(caption)
        shapes = [group.shape for group in meaning.groups for _ in range(group.count)]
        found = verdict([detection_of(shape, c, "small") for shape, c in zip(shapes, colours, strict=True)], meaning)
        assert (found.colour, found.all) == (colour, everything)


BALLS = [detection_of("circle", "red", "small", 0.2, 0.8), detection_of("circle", "red", "small", 0.8, 0.8)]
BOX = detection_of("square", "blue", "large", 0.5, 0.2)


def test_the_reason_says_what_was_detected_and_expected() -> None:
    for things, caption, reason in [
        (BALLS, "2 small red circles", "saw 2 small red circles, as expected"),
        (BALLS, "3 small red circles", "saw 2 small red circles, expected 3 small red circles"),
        ([], "a small red circle", "saw nothing, expected a small red circle"),
        (
            [BOX, *BALLS],
            "2 small red circles above a large blue square",
            "saw 2 small red circles and a large blue square, but not 2 small red circles above a large blue square",
        ),
        (
            [replace(BALLS[0], shape=UNCLEAR, size=UNCLEAR)],
            "an orange star",
            "saw a red thing of unclear size and shape, expected an orange star",
        ),
        (
            [replace(BOX, colour=UNCLEAR)] * 7,
            "a red star",
            "saw 7 large squares of unclear colour, expected a red star",
        ),
    ]:
        assert verdict(things, parse(caption)).reason == reason


def test_a_relation_needs_both_groups_and_every_centre():
    meaning = parse("a large blue square above 2 small red circles")
    assert verdict([BOX, *BALLS], meaning).relation
    assert verdict([BOX, BALLS[0]], meaning).relation
    assert not verdict([BOX], meaning).relation
    assert not verdict(BALLS, meaning).relation
    assert not verdict([], meaning).relation
    assert not verdict([BOX, BALLS[0], replace(BALLS[1], y=0.1)], meaning).relation
    assert verdict([BOX, *BALLS, detection_of("star", "red", "small", 0.5, 0.01)], meaning).relation


def test_atoms_are_the_fields_of_a_verdict_by_name():
    found = verdict(BALLS, parse("2 small red circles"))
    assert tuple(found.atoms()) == ATOMS
    assert found.atoms() == {atom: getattr(found, atom) for atom in ATOMS}
    assert found.atoms()["relation"] is None


def test_a_group_asks_the_same_of_a_thing_and_of_its_detection():
    """Over all kinds of thing, the same words named and held; unclear words are never right."""
    groups = [
        Group(1, size, colour, shape)
        for size in (None, "small")
        for colour in (None, "red")
        for shape in DEFAULT.shapes
    ]
    for shape, colour, size in product(DEFAULT.shapes, ("red", "blue"), ("small", "large")):
        thing, detection = Thing(shape, colour, size, 0.5, 0.5, 0.1), detection_of(shape, colour, size)
        for group in groups:
            assert (
                group.names(thing)
                == group.names(detection)
                == (shape == group.shape and group.colour in (None, colour))
            )
            assert group.holds([thing]) == group.holds([detection]) == (group.size in (None, size))
            assert not group.names(replace(detection, shape=UNCLEAR))
            assert not group.names(replace(detection, colour=UNCLEAR))
            assert not group.holds([replace(detection, size=UNCLEAR)])
            assert not group.holds([])
