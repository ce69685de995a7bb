"""Asked against seen: true scenes lie on the diagonal, and each error in its cell."""

from dataclasses import replace

import numpy as np
import pytest

from cvae_lightning.evaluation.confusion import NOTHING, confusion, extra, missing, named, paired, worst
from cvae_lightning.evaluation.consistency import JudgedImage
from cvae_lightning.world import Detection, parse, sample, verdict

MEANING = parse("a large blue square above 2 small red circles")
BOX = Detection("square", "blue", "large", 0.5, 0.1, 0.2, 1)
BALLS = [Detection("circle", "red", "small", x, 0.8, 0.1, 1) for x in (0.2, 0.7)]


def table_of(things, what, meaning=MEANING):
    table = confusion([JudgedImage(meaning, tuple(things), verdict(things, meaning))])[what]
    return {
        (asked, detected): times
        for asked, row in zip(table["asked"], table["times"], strict=True)
        for detected, times in zip(table["seen"], row, strict=True)
        if times
    }


def test_true_scenes_lie_on_the_diagonal_and_every_thing_is_counted() -> None:
    rng = np.random.default_rng(0)
    made = []
    for _ in range(100):
        meaning, scene = sample(rng)
        things = tuple(Detection(t.shape, t.colour, t.size, t.x, t.y, t.r, 1) for t in scene.things[::-1])
        made.append(JudgedImage(meaning, things, verdict(things, meaning)))
    tables = confusion(made)
    total = sum(len(case.things) for case in made)
    for what, table in tables.items():
        times = np.array(table["times"])
        assert times.sum() == (len(made) if what == "count" else total)
        for asked, row in zip(table["asked"], times, strict=True):
            assert row.sum() == row[table["seen"].index(asked)]
    assert worst(tables) == []
    assert (missing(tables).times, missing(tables).of, extra(tables).times) == (0, total, 0)


@pytest.mark.parametrize(
    ("things", "what", "expected"),
    [
        ([BOX, *BALLS], "shape", {("square", "square"): 1, ("circle", "circle"): 2}),
        ([BOX, BALLS[0]], "count", {("3", "2"): 1}),
        ([BOX, BALLS[0]], "shape", {("square", "square"): 1, ("circle", "circle"): 1, ("circle", NOTHING): 1}),
        ([BOX, BOX, *BALLS], "size", {("large", "large"): 1, ("small", "small"): 2, (NOTHING, "large"): 1}),
        (
            [replace(BOX, shape="star"), *BALLS],
            "shape",
            {("square", "star"): 1, ("circle", "circle"): 2},
        ),
        ([replace(BOX, colour="unclear")], "colour", {("blue", "unclear"): 1, ("red", NOTHING): 2}),
        ([], "count", {("3", "0"): 1}),
        ([BOX] * 12, "count", {("3", "more"): 1}),
    ],
)
def test_each_error_has_its_cell(things, what, expected) -> None:
    assert table_of(things, what) == expected


def test_right_words_on_the_wrong_things_are_confused_shapes() -> None:
    things = [replace(BOX, size="small", colour="red"), replace(BALLS[0], colour="blue")]
    meaning = parse("a small blue square and a small red circle")
    assert table_of(things, "colour", meaning) == {("blue", "blue"): 1, ("red", "red"): 1}
    assert table_of(things, "shape", meaning) == {("square", "circle"): 1, ("circle", "square"): 1}


def test_each_thing_has_at_most_one_partner_and_the_best_agreement_comes_first() -> None:
    asked = named(MEANING)
    things = [replace(BALLS[0], colour="blue"), BALLS[1], replace(BOX, size="small")]
    pairs = paired(asked, things)
    assert len(pairs) == 3
    assert pairs[0][1] is things[2]
    assert {id(found) for _, found in pairs} == set(map(id, things))
    assert [found for _, found in pairs[1:]] == [BALLS[1], things[0]]


def test_an_attribute_that_is_not_stated_is_not_a_confusion() -> None:
    assert table_of([BALLS[0]], "size", parse("a red circle")) == {}


def test_the_worst_confusions_come_first() -> None:
    wrong = [replace(BOX, shape="star"), *(replace(ball, shape="diamond") for ball in BALLS)]
    tables = confusion([JudgedImage(MEANING, tuple(wrong), verdict(wrong, MEANING))])
    first, second = worst(tables)
    assert first == ("shape", "circle", "diamond", 2, 2)
    assert second == ("shape", "square", "star", 1, 1)
