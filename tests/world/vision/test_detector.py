"""What is rendered is detected as it is, and what is not a clear thing is unclear."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from io import BytesIO
from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from PIL import Image, ImageFilter

from cvae_lightning.world import DEFAULT, V1, Scene, Thing, World, render, sample
from cvae_lightning.world.vision.detector import UNCLEAR, detect
from cvae_lightning.world.vision.shape_matching import errors, shapes

# Scenes for each check; thousands more are judged by `python -m cvae_lightning.judge_reliability`.
SCENES = 240


@cache
def scenes(count: int = SCENES) -> list[Scene]:
    """Scenes of every split in turn."""
    rng = np.random.default_rng(0)
    return [sample(rng, DEFAULT.splits.names[index % len(DEFAULT.splits.names)])[1] for index in range(count)]


def kinds(things) -> Counter:
    return Counter((thing.shape, thing.colour, thing.size) for thing in things)


def right(images: np.ndarray, drawn: list[Scene], world: World = DEFAULT) -> float:
    """The share of images in which exactly the things of their scene are detected."""
    found = detect(images, world=world)
    return np.mean([kinds(things) == kinds(scene.things) for things, scene in zip(found, drawn, strict=True)])


def painted(images: np.ndarray, thing: Thing, colour: tuple[int, int, int], opacity: float = 1) -> np.ndarray:
    """Images with a thing of any colour painted over what is there."""
    black = render([Scene((replace(thing, colour="black"),))], images.shape[1])[..., :1]
    cover = opacity * (250 - black.astype(float)) / 225
    return np.round(images * (1 - cover) + cover * np.array(colour)).astype(np.uint8)


EMPTY = np.full((1, 64, 64, 3), DEFAULT.background[0], np.uint8)


# 130 and 200 px are no multiples of the squares that large images are averaged over.
@pytest.mark.parametrize(
    ("size", "count"), [(48, 120), (64, SCENES), (100, 60), (128, 120), (130, 30), (200, 30), (256, 60), (512, 6)]
)
def test_every_thing_is_detected_where_and_as_it_is(size, count):
    drawn = scenes()[:count]
    for found, scene in zip(detect(render(drawn, size)), drawn, strict=True):
        assert kinds(found) == kinds(scene.things)
        for thing in scene.things:
            near = min(found, key=lambda other: (other.x - thing.x) ** 2 + (other.y - thing.y) ** 2)
            assert (near.shape, near.colour, near.size) == (thing.shape, thing.colour, thing.size)
            assert (near.x, near.y) == pytest.approx((thing.x, thing.y), abs=0.002)
            assert near.r == pytest.approx(thing.r, rel=0.01)
            assert near.confidence > 0.4


def test_scenes_of_32_pixels_are_mostly_detected_as_they_are():
    assert right(render(scenes(), 32), scenes()) > 0.98


def test_every_kind_of_thing_is_detected_at_the_ends_of_its_size():
    rng = np.random.default_rng(0)
    drawn = [
        Scene((Thing(shape, colour, size, *rng.uniform(0.3, 0.7, 2), DEFAULT.sizes[size] * scale),))
        for shape, size, colour, scale in product(
            tuple(DEFAULT.shapes), DEFAULT.sizes, DEFAULT.colours, (0.93, 1, 1.07)
        )
    ]
    assert right(render(drawn, 64), drawn) == 1


def test_a_batch_gives_the_detections_of_each_image_alone():
    images = render(scenes()[:40], 64)
    for number, things in enumerate(detect(images)):
        (alone,) = detect(images[number : number + 1])
        assert kinds(alone) == kinds(things)
        for first, second in zip(alone, things, strict=True):
            expected = pytest.approx((second.x, second.y, second.r, second.confidence))
            assert (first.x, first.y, first.r, first.confidence) == expected


def test_no_images_have_no_detections():
    assert detect(np.empty((0, 64, 64, 3), np.uint8)) == []


def test_an_empty_canvas_has_no_detections():
    shades = np.stack([np.full((64, 64, 3), shade, np.uint8) for shade in (240, 250, 255)])
    assert detect(shades, world=V1) == [()] * 3
    assert detect(shades[1:]) == [()] * 2


def test_a_flat_canvas_has_an_unclear_size() -> None:
    for colour in [*DEFAULT.colours.values(), (128, 128, 128)]:
        images = np.full((1, 64, 64, 3), colour, np.uint8)
        assert [(thing.size, thing.confidence) for thing in detect(images)[0]] == [(UNCLEAR, 0)]


@pytest.mark.parametrize("size", [32, 64, 128])
def test_uniform_noise_has_no_clear_thing(size):
    images = np.random.default_rng(0).integers(0, 256, (8, size, size, 3), dtype=np.uint8)
    for things in detect(images):
        assert things
        assert {UNCLEAR} == {thing.shape for thing in things} == {thing.colour for thing in things}


def touching(first: str, second: str) -> np.ndarray:
    """24 images of two shapes that touch, in random colours, sizes and directions."""
    rng = np.random.default_rng(0)
    images = []
    for angle in rng.uniform(0, 2 * np.pi, 24):
        colours, (r, s) = rng.choice(list(DEFAULT.colours.values()), 2), rng.uniform(0.1, 0.15, 2)
        x, y = 0.5 + 0.5 * (r + s) * np.array([np.cos(angle), np.sin(angle)])
        image = painted(EMPTY, Thing(first, "black", "large", 0.5, 0.5, r), colours[0])
        images.append(painted(image, Thing(second, "black", "large", x, y, s), colours[1]))
    return np.concatenate(images)


def test_things_that_touch_are_one_detection_that_is_unclear():
    for shapes_of in combinations_with_replacement(DEFAULT.shapes, 2):
        for things in detect(touching(*shapes_of)):
            assert len(things) == 1, shapes_of
            assert UNCLEAR in (things[0].shape, things[0].colour), shapes_of
            assert things[0].confidence == 0, shapes_of


@pytest.mark.parametrize("r", [0.0745, 0.085])
def test_things_at_the_least_distance_are_separate(r):
    """Two diamonds tip to tip and two squares side by side, at any place among the pixels."""
    half = 1.28 * r + 0.005
    drawn = []
    for x, y in np.random.default_rng(0).uniform(0.4, 0.6, (40, 2)):
        drawn.append(Scene(tuple(Thing("diamond", "red", "small", x, y + step, r) for step in (-half, half))))
        drawn.append(Scene(tuple(Thing("square", "red", "small", x + step, y, r) for step in (-half, half))))
    for size in (48, 64, 128):
        assert right(render(drawn, size), drawn) == 1


def test_a_faded_thing_has_an_unclear_colour():
    for shape, colour, size, opacity in product(
        tuple(DEFAULT.shapes), DEFAULT.colours, DEFAULT.sizes, (0.4, 0.5, 0.6, 0.7)
    ):
        thing = Thing(shape, colour, size, 0.5, 0.5, DEFAULT.sizes[size])
        (found,) = detect(painted(EMPTY, thing, DEFAULT.colours[colour], opacity))[0]
        assert found.colour == UNCLEAR, (shape, colour, size, opacity)


def test_a_faint_thing_is_an_unclear_detection_and_only_version_1_ignores_a_trace():
    room = [scene for scene in scenes() if len(scene.things) == 1 and max(scene.things[0].x, scene.things[0].y) < 0.55]
    images = render(room, 64)
    faint = Thing("circle", "blue", "medium", 0.85, 0.85, 0.115)
    for opacity, world in ((0.35, V1), (0.35, DEFAULT), (0.15, DEFAULT), (0.1, DEFAULT)):
        for things in detect(painted(images, faint, DEFAULT.colours["blue"], opacity), world=world):
            assert [thing.shape == UNCLEAR for thing in things] == [False, True]
            near = 0.01 if opacity == 0.35 else 0.13
            assert (things[1].x, things[1].y) == pytest.approx((0.85, 0.85), abs=near)
    assert right(painted(images, faint, DEFAULT.colours["blue"], 0.15), room, V1) == 1


def test_only_version_1_ignores_specks():
    images = render(scenes()[:60], 64)
    images[:, :2, :3] = DEFAULT.colours["red"]
    assert right(images, scenes()[:60], V1) == 1
    assert right(images, scenes()[:60]) == 0


def test_a_formless_spot_has_no_shape():
    y, x = np.mgrid[:64, :64] + 0.5
    for spread in (4.0, 6.0, 9.0):
        cover = np.exp(-((x - 32) ** 2 + (y - 32) ** 2) / (2 * spread**2))[..., None]
        images = np.round(250 + cover * (np.array(DEFAULT.colours["red"]) - 250)).astype(np.uint8)[None]
        assert {thing.shape for thing in detect(images)[0]} == {UNCLEAR}


@pytest.mark.parametrize("shape", ["triangle", "star"])
def test_a_shape_upside_down_is_unclear(shape):
    images = render([Scene((Thing(shape, "red", size, 0.5, 0.5, r),)) for size, r in DEFAULT.sizes.items()], 64)
    assert {thing.shape for things in detect(images[:, ::-1]) for thing in things} == {UNCLEAR}


def test_a_colour_outside_the_palette_is_unclear() -> None:
    """Brown, pink, grey, dark red, magenta, and half way from orange to yellow."""
    for colour in [(120, 80, 40), (250, 120, 200), (128, 128, 128), (130, 0, 0), (200, 40, 180), (242, 178, 35)]:
        (thing,) = detect(painted(EMPTY, Thing("circle", "black", "large", 0.5, 0.5, 0.165), colour))[0]
        assert UNCLEAR in (thing.shape, thing.colour)
        assert thing.confidence == 0


def test_a_slightly_different_colour_is_still_recognised():
    for colour, shift in product(DEFAULT.colours, np.random.default_rng(0).normal(0, 8, (20, 3))):
        shifted = tuple(np.clip(np.add(DEFAULT.colours[colour], shift), 0, 255))
        (thing,) = detect(painted(EMPTY, Thing("star", "black", "small", 0.5, 0.5, 0.08), shifted))[0]
        assert (thing.shape, thing.colour, thing.size) == ("star", colour, "small")


def test_a_radius_between_or_outside_the_sizes_is_unclear() -> None:
    for r in [0.055, 0.065, 0.2, 0.24]:
        (thing,) = detect(render([Scene((Thing("square", "red", "small", 0.5, 0.5, r),))], 64))[0]
        assert (thing.shape, thing.colour, thing.size) == ("square", "red", UNCLEAR)
        assert thing.r == pytest.approx(r, rel=0.01)


def saved(image: np.ndarray, quality: int) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(sigma)))


def noisy(image: np.ndarray, sigma: float) -> np.ndarray:
    noise = np.random.default_rng(int(image.sum())).normal(0, sigma, image.shape)
    return np.clip(np.round(image + noise), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("change", "amount", "least"),
    [
        (blurred, 0.7, 1.0),
        (blurred, 1.2, 0.99),
        (noisy, 8, 1.0),
        (noisy, 14, 0.99),
        (saved, 90, 0.99),
        (saved, 75, 0.9),
    ],
)
def test_mild_damage_does_not_change_detections(change, amount, least):
    images = np.stack([change(image, amount) for image in render(scenes(), 64)])
    assert right(images, scenes()) >= least


@pytest.mark.parametrize(("change", "amount"), [(blurred, 4), (noisy, 60)])
def test_heavy_damage_does(change, amount):
    images = np.stack([change(image, amount) for image in render(scenes()[:60], 64)])
    assert right(images, scenes()[:60]) < 0.05


def test_shapes_have_the_areas_of_their_outlines():
    for shape, known in zip(DEFAULT.shapes, shapes(DEFAULT), strict=True):
        corners = np.array(DEFAULT.shapes[shape] or [(np.cos(a), np.sin(a)) for a in np.linspace(0, 2 * np.pi, 1000)])
        x, y = corners.T
        across = x * np.roll(y, -1) - y * np.roll(x, -1)
        area = across.sum() / 2
        assert known.area == pytest.approx(area, rel=1e-3)
        assert known.drop == pytest.approx(((y + np.roll(y, -1)) * across).sum() / (6 * area), abs=1e-3)


def test_a_shape_is_nearest_to_itself():
    error = errors(np.stack([shape.waves for shape in shapes(DEFAULT)]), DEFAULT)
    assert (error.argmin(axis=1) == np.arange(len(DEFAULT.shapes))).all()
    assert error.diagonal().max() < 0.03
    assert np.sort(error, axis=1)[:, 1].min() > 0.15


def test_other_arrays_are_refused() -> None:
    for images, message in [
        (np.zeros((1, 64, 64, 3)), "float64 .1, 64, 64, 3.: expected uint8"),
        (np.zeros((64, 64, 3), np.uint8), "expected uint8 .N, S, S, 3."),
        (np.zeros((1, 64, 32, 3), np.uint8), "expected uint8 .N, S, S, 3."),
        (np.zeros((1, 3, 64, 64), np.uint8), "expected uint8 .N, S, S, 3."),
        (np.zeros((1, 31, 31, 3), np.uint8), "image size is 31: expected 32 to 512"),
    ]:
        with pytest.raises(ValueError, match=message):
            detect(images)
