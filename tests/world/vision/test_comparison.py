"""A strict world's second look: what is not as it should look is unclear, and what looks nearly right passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageFilter
from scipy import ndimage

from cvae_lightning.world import DEFAULT, V1, Detection, Scene, Thing, detect, judge, parse, render, sample
from cvae_lightning.world.scene import UNCLEAR
from cvae_lightning.world.vision.brightness import rgb, ycc
from cvae_lightning.world.vision.contacts import MIN_GAP, touching
from cvae_lightning.world.vision.fitted import FittedThings
from cvae_lightning.world.vision.residuals import residuals

SQUARE = Thing("square", "red", "large", 0.3, 0.3, 0.165)
STAR = Thing("star", "blue", "medium", 0.7, 0.65, 0.115)


@cache
def scenes() -> list[Scene]:
    rng = np.random.default_rng(0)
    return [sample(rng, DEFAULT.splits.names[index % len(DEFAULT.splits.names)])[1] for index in range(120)]


def words(image: np.ndarray) -> list[tuple[str, str, str]]:
    return [(thing.shape, thing.colour, thing.size) for thing in detect(image[None])[0]]


def picture(*things: Thing, side: int = 64) -> np.ndarray:
    return render([Scene(things)], side)[0]


def kinds(things: Sequence[Thing | Detection]) -> list[tuple[str, str, str]]:
    return sorted((thing.shape, thing.colour, thing.size) for thing in things)


@pytest.mark.parametrize("side", [64, 128])
def test_a_thing_of_two_colours_has_an_unclear_colour(side: int) -> None:
    image = picture(SQUARE, STAR, side=side)
    corner = image[: round(0.2 * side), : round(0.2 * side)]
    corner[(corner == DEFAULT.colours["red"]).all(axis=-1)] = DEFAULT.colours["orange"]
    assert words(image) == [("square", UNCLEAR, "large"), ("star", "blue", "medium")]


@pytest.mark.parametrize("side", [64, 128])
def test_a_thing_with_a_hole_has_an_unclear_shape(side: int) -> None:
    image = picture(SQUARE, STAR, side=side)
    image[round(0.3 * side), round(0.2 * side) : round(0.3 * side)] = DEFAULT.background
    assert words(image) == [(UNCLEAR, "red", "large"), ("star", "blue", "medium")]


def test_the_reason_says_where_something_more_is() -> None:
    image = picture(STAR)
    image[10:13, 14:17] = DEFAULT.colours["green"]
    (found,) = judge(image[None], [parse("a medium blue star")])
    assert found.reason == "saw a medium blue star and something at (0.23, 0.16), expected a medium blue star"
    assert not found.count


@pytest.mark.parametrize("side", [64, 100, 128, 200])
def test_a_pale_thing_is_one_more_unclear_detection_where_it_is(side: int) -> None:
    scene = (SQUARE, STAR)
    pale = Thing("circle", "black", "small", 0.75, 0.25, 0.08)
    cover = (250 - picture(pale, side=side).astype(float)) / 225
    image = np.round(picture(*scene, side=side) + 0.1 * cover * (np.array(DEFAULT.colours["green"]) - 250))
    found = detect(image.astype(np.uint8)[None])[0]
    assert [thing.shape for thing in found] == ["square", "star", UNCLEAR]
    assert (found[2].x, found[2].y) == pytest.approx((0.75, 0.25), abs=0.09)
    assert len(detect(image.astype(np.uint8)[None], world=V1)[0]) == 2


def test_a_canvas_of_another_colour_is_noticed_but_white_is_not() -> None:
    image = picture(SQUARE, STAR)
    free = (image == 250).all(axis=-1)
    for canvas, right in (
        ((255, 255, 255), True),
        ((247, 250, 253), True),
        ((242, 250, 250), False),
        ((240,) * 3, False),
    ):
        image[free] = canvas
        assert (words(image) == [("square", "red", "large"), ("star", "blue", "medium")]) == right, canvas


def shifted(image: np.ndarray, x: float, y: float) -> np.ndarray:
    """By linear interpolation."""
    return np.round(ndimage.shift(image.astype(float), (y, x, 0), order=1, mode="nearest")).astype(np.uint8)


def resized(image: np.ndarray, side: int, how: Image.Resampling) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((side, side), how))


def other_shades(image: np.ndarray) -> np.ndarray:
    covered = (image != 250).any(axis=-1, keepdims=True)
    return np.clip(image.astype(int) - [6, -4, 8] * covered, 0, 255).astype(np.uint8)


GENTLE = {
    "blur": lambda image: np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(0.5))),
    "shift": lambda image: shifted(image, 0.5, 0.25),
    "enlarged": lambda image: resized(image, 128, Image.Resampling.BICUBIC),
    "both": lambda image: resized(resized(image, 128, Image.Resampling.LANCZOS), 64, Image.Resampling.LANCZOS),
    "other shades": other_shades,
}


@pytest.mark.parametrize("name", GENTLE)
def test_what_is_nearly_right_passes(name: str) -> None:
    found = detect(np.stack([GENTLE[name](image) for image in render(scenes(), 64)]))
    assert [kinds(things) for things in found] == [kinds(scene.things) for scene in scenes()]


def fitted(*things: Thing, side: float = 64) -> FittedThings:
    lengths = {axis: side * np.array([getattr(thing, axis) for thing in things]) for axis in "xyr"}
    shapes = np.array([list(DEFAULT.shapes).index(thing.shape) for thing in things])
    colours = np.array([list(DEFAULT.colours).index(thing.colour) for thing in things])
    zeros = np.zeros(len(things), np.int64)
    return FittedThings(
        image=zeros, shape=shapes, colour=colours, size=zeros, clear=np.ones((3, len(things))), **lengths
    )


def test_no_thing_of_a_scene_touches_another_or_the_border() -> None:
    for scene in scenes():
        assert not touching(fitted(*scene.things), 64, DEFAULT).any()


@pytest.mark.parametrize("shape", DEFAULT.shapes)
def test_things_touch_at_the_distance_at_which_their_outlines_meet(shape: str) -> None:
    """Beside and above each other, and the border; in these directions all shapes touch with their hull."""
    (left, _), (up, down) = reach_of(shape)
    for gap, expected in ((MIN_GAP + 0.002, False), (MIN_GAP - 0.002, True), (-0.02, True)):
        first = Thing(shape, "red", "large", 0.3, 0.3, 0.1)
        above = replace(first, y=0.3 + 0.1 * (down + up) + gap)
        border = replace(first, x=0.1 * left + gap)
        assert touching(fitted(first, above), 64, DEFAULT).tolist() == [expected] * 2
        assert touching(fitted(border), 64, DEFAULT).tolist() == [expected]


def reach_of(shape: str) -> tuple[tuple[float, float], tuple[float, float]]:
    corners = np.array(DEFAULT.shapes[shape] or [(-1, 0), (0, -1), (1, 0), (0, 1)])
    (left, up), (right, down) = -corners.min(axis=0), corners.max(axis=0)
    return (left, right), (up, down)


def test_a_picture_of_what_is_expected_has_no_residual_and_any_other_has() -> None:
    things = fitted(SQUARE, STAR)
    tint = 250.0 - picture(SQUARE, STAR)[None]
    labels = np.zeros((1, 64, 64), np.int64)
    labels[0, :32], labels[0, 32:] = 1, 2
    assert residuals(tint, labels, things, DEFAULT) == []
    tint[0, 5, 60] += 40
    (found,) = residuals(tint, labels, things, DEFAULT)
    assert (found.image, found.row, found.column) == (0, 5, 60)
    assert rgb(*found.ycc) == pytest.approx(np.array([40.0] * 3), abs=1)


def test_brightness_and_colour_differences_are_the_colour() -> None:
    colours = np.random.default_rng(0).uniform(-255, 255, (3, 20))
    np.testing.assert_allclose(rgb(*ycc(*colours)), colours, atol=1e-9)


def test_the_order_and_number_of_images_change_nothing() -> None:
    """Also where a few of many are looked at for a second time."""
    images = render(scenes()[:40], 64)
    images[::5, 2:5, 2:5] = DEFAULT.colours["red"]
    together = detect(images)
    for image, things in zip(images, together, strict=True):
        alone = detect(image[None])[0]
        assert [(t.shape, t.colour, t.size) for t in alone] == [(t.shape, t.colour, t.size) for t in things]
    assert all(UNCLEAR in (t.shape for t in things) for things in together[::5])
