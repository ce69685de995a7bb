"""A world that makes no sense, or whose judge cannot be exact, is refused by a message that names what is wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from math import cos, pi, sin
from typing import Any

import pytest

from cvae_lightning.world import DEFAULT, V1, Language, check_exact, from_plain, to_plain, world_named

LANGUAGE = DEFAULT.language
HEXAGON = tuple((1.1 * sin(pi * k / 3), -1.1 * cos(pi * k / 3)) for k in range(6))


def changed(path: str, value: Any) -> dict[str, Any]:
    """The default world's plain data with one value changed, or removed by ``...``."""
    plain = to_plain(DEFAULT)
    *parents, key = path.split(".")
    node = plain
    for parent in parents:
        node = node[parent]
    if value is ...:
        del node[key]
    else:
        node[key] = value
    return plain


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("name", "", "name is '': expected a word"),
        ("background", [250, 250], "background is [250, 250]: expected a list of 3 items"),
        ("colours.red", [300, 0, 0], "colours.red is 300: expected a whole number from 0 to 255"),
        ("colours.red", "red", "colours.red is 'red': expected a list"),
        ("colours.pink", [240, 120, 190], "language.colours has nothing for 'pink'"),
        ("colours", {}, "colours is empty"),
        ("colours", None, "colours is None: expected a mapping"),
        ("shapes.square", "sqare", "shapes.square is 'sqare': expected a list"),
        ("shapes.square", [[0, 0], [1, 1]], "shapes.square has 2 corners: expected 'circle', or 3 or more"),
        ("shapes.square", [[1, -1], [-1, -1], [-1, 1], [1, 1]], "shapes.square does not go round its centre clockwise"),
        ("shapes.square", [[0, -1.5], [1, 1], [-1, 1]], "'square' reaches 1.5 radii from its centre: expected at most"),
        ("sizes.small", 0.2, "expected radii in increasing order"),
        ("sizes.small", float("nan"), "sizes.small is nan: expected a number"),
        ("max_counts.small", 0, "max_counts.small is 0: expected a whole number from 1 to 20"),
        ("max_counts.tiny", 2, "max_counts has 'tiny', which is not among sizes: small, medium and large"),
        ("max_counts.large", ..., "max_counts has nothing for 'large'"),
        ("max_counts.small", 6, "language.counts has nothing for 6"),
        ("radius_range", [0.9], "radius_range is [0.9]: expected a list of 2 items"),
        ("spacing.shapes", {"trangle": 1.4}, "a shape of spacing.shapes is 'trangle'"),
        (
            "spacing.thigns",
            1.3,
            "a key of spacing is 'thigns': expected border, things, shapes or margin; did you mean",
        ),
        ("relations", ["above", "beside"], "a relation is 'beside': expected above, below, left of or right of"),
        ("max_groups", 9, "max_groups is 9: expected a whole number from 1 to 4"),
        ("mix.one", -1, "mix of 'one' is -1"),
        ("language", ..., "world has no 'language'"),
        ("language.shapes.circle", [], "language.shapes.circle has no words"),
        ("language.links.beside", "beside", "language.links has 'beside', which is not among relations"),
        ("language.order", ["size", "colour"], "language.order is ['size', 'colour']: expected"),
        ("language.sizes.small", [7], "language.sizes.small is 7: expected a word"),
        ("splits.novel_pair", [["pink", "star"]], "a colour of splits.novel_pair is 'pink'"),
        ("splits.novel_count", [["star", 3]], "a count of splits.novel_count is 'star'"),
        (
            "splits.novel_relation",
            [["star", "above"]],
            "splits.novel_relation is ['star', 'above']: expected a list of 3",
        ),
        ("splits.novel_groups", [3], "splits.novel_groups has 3, max_groups is 2 and more_groups is 0.0: expected"),
        (
            "splits",
            {"heldout": 0.5, "group_exceptions": 0.5},
            "splits.group_exceptions is 0.5: expected less",
        ),
        ("splits.novel_groups", [2], "a number of splits.novel_groups is 2: expected a whole number from 3"),
        (
            "splits.group_exceptions",
            0.6,
            "splits.group_exceptions is 0.6: expected a number from 0 to 0.5",
        ),
        ("splits.diagonals", 6, "splits.diagonals is 6: expected fewer than the 6 shapes"),
        ("splits.heldout", 1, "splits.heldout is 1: expected a number from 0 to 0.9"),
        ("palette", {}, "a key of world is 'palette'"),
    ],
)
def test_plain_data_are_checked(path, value, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        from_plain(changed(path, value))


@pytest.mark.parametrize("plain", [None, 7, "default", [], {}])
def test_what_is_no_mapping_of_fields_is_refused(plain):
    with pytest.raises(ValueError, match="world "):
        from_plain(plain)


def test_a_misspelt_name_is_answered():
    with pytest.raises(ValueError, match=r"world is 'germn': expected .*did you mean 'german'"):
        world_named("germn")


def words(**tables: Any) -> Language:
    return replace(LANGUAGE, **{name: {**getattr(LANGUAGE, name), **rows} for name, rows in tables.items()})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"colours": {**DEFAULT.colours, "red": (245, 141, 30)}},
            "colours 'red' (245, 141, 30) and 'orange' (245, 140,",
        ),
        (
            {"colours": {**DEFAULT.colours, "red": (120, 120, 120)}},
            "colours 'red' (120, 120, 120) and 'black' (25, 25, 25)",
        ),
        ({"colours": {**DEFAULT.colours, "red": (245, 245, 248)}}, "colour 'red' (245, 245, 248) is too near to the"),
        ({"background": (0, 0, 0)}, "is too near to the background (0, 0, 0)"),
        ({"shapes": {**DEFAULT.shapes, "square": HEXAGON}}, "shapes 'circle' and 'square' overlap too much"),
        (
            {"sizes": {"small": 0.08, "medium": 0.09, "large": 0.165}},
            "sizes 'small' (0.08) and 'medium' (0.09) are too near",
        ),
        (
            {"sizes": {"small": 0.03, "medium": 0.1, "large": 0.165}},
            "a small red triangle at 64 px is taken for small red unclear",
        ),
        ({"spacing": replace(DEFAULT.spacing, shapes={})}, "shape 'triangle' reaches 1.421 radii"),
        (
            {"max_counts": {"small": 5, "medium": 5, "large": 2}},
            "no room for '5 medium red triangles and 5 medium orange",
        ),
        (
            {"language": words(colours={"red": "small"})},
            "'small' is a word of the size 'small' and of the colour 'red'",
        ),
        ({"language": words(colours={"red": "blue"})}, "'blue' is a word of the colour 'red' and of the colour 'blue'"),
        (
            {"language": words(sizes={"small": "left"})},
            "'left' is a word of the size 'small' and of the link 'left of'",
        ),
        (
            {"language": words(links={"above": "under"})},
            "'under' is a word of the link 'above' and of the link 'below'",
        ),
        (
            {"language": words(forms={"circle": {"plural": "squares"}})},
            "of the shape 'circle' and of the shape 'square'",
        ),
    ],
)
def test_a_world_whose_judge_cannot_be_exact_is_refused(change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        check_exact(replace(DEFAULT, **change))


@pytest.mark.parametrize("name", ["default", "v1", "three_groups", "many", "german", "mosaic"])
def test_the_worlds_that_come_with_the_package_are_exact(name):
    check_exact(world_named(name))


def test_things_that_touch_are_why_version_2_has_wider_triangles():
    assert V1.spacing.shapes == {}
    with pytest.raises(ValueError, match="two things could touch"):
        check_exact(replace(V1, name="v1_again"))
