"""Pixels have the area, the colours and the edges of the outlines, as an independent drawing has them."""

from __future__ import annotations

from itertools import product
from math import cos, pi, sin

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cvae_lightning.world import DEFAULT, Scene, Thing, render, sample

# Written out again from the specification, apart from the code.
SPIKES = [(1.25 if k % 2 == 0 else 0.52, pi * k / 5) for k in range(10)]
OUTLINES = {
    "square": [(-0.886, -0.886), (0.886, -0.886), (0.886, 0.886), (-0.886, 0.886)],
    "triangle": [(0, -1.1), (1.1, 0.9), (-1.1, 0.9)],
    "diamond": [(0, -1.25), (0.95, 0), (0, 1.25), (-0.95, 0)],
    "star": [(r * sin(a), -r * cos(a)) for r, a in SPIKES],
}
AREAS = {
    "circle": pi,
    "square": (2 * 0.886) ** 2,
    "triangle": 2.2 * 2 / 2,
    "diamond": 2 * 1.25 * 0.95,
    "star": 5 * 1.25 * 0.52 * sin(pi / 5),
    "cross": 2 * 2.2 * 0.76 - 0.76**2,
}


def draw(scene: Scene, size: int) -> np.ndarray:
    """(S, S, 3) the scene drawn by Pillow at 8x or more and averaged down.

    Pillow's polygons are about half a fine pixel too wide, so small images are drawn at more than 8x.
    """
    times = max(8, 1024 // size)
    side = size * times
    image = Image.new("RGB", (side, side), DEFAULT.background)
    pen = ImageDraw.Draw(image)
    for thing in scene.things:
        # Pillow's integer coordinates are pixel centres.
        x, y, r = thing.x * side - 0.5, thing.y * side - 0.5, thing.r * side
        fill = DEFAULT.colours[thing.colour]
        if thing.shape == "circle":
            pen.ellipse((x - r, y - r, x + r, y + r), fill=fill)
        elif thing.shape == "cross":
            pen.rectangle((x - 1.1 * r, y - 0.38 * r, x + 1.1 * r, y + 0.38 * r), fill=fill)
            pen.rectangle((x - 0.38 * r, y - 1.1 * r, x + 0.38 * r, y + 1.1 * r), fill=fill)
        else:
            pen.polygon([(x + r * u, y + r * v) for u, v in OUTLINES[thing.shape]], fill=fill)
    fine = np.asarray(image, float)
    return fine.reshape(size, times, size, times, 3).mean(axis=(1, 3))


def scenes(count: int, seed: int = 0) -> list[Scene]:
    rng = np.random.default_rng(seed)
    return [sample(rng)[1] for _ in range(count)]


@pytest.mark.parametrize(("size", "count"), [(32, 40), (64, 40), (128, 16), (256, 6), (512, 1)])
def test_pixels_agree_with_an_independent_drawing(size, count):
    chosen = scenes(count, seed=size)
    ours = render(chosen, size)
    theirs = np.stack([draw(scene, size) for scene in chosen])
    differences = np.abs(ours - theirs)
    assert differences.mean() < 0.5
    assert differences.mean(axis=(1, 2, 3)).max() < 1
    assert differences.max() < 60
    assert (ours == theirs)[inside(theirs)].all()


def inside(images: np.ndarray) -> np.ndarray:
    """(N, S, S) pixels that are away from edges: they and their eight neighbours have one colour."""
    flat = np.ones(images.shape[:3], bool)
    for step in [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]:
        flat &= (images == np.roll(images, step, axis=(1, 2))).all(axis=-1)
    return flat


def test_a_shape_covers_its_area():
    for shape, size in product(DEFAULT.shapes, (32, 64, 100, 256, 512)):
        rng = np.random.default_rng(0)
        things = [Thing(shape, "black", "large", *rng.uniform(0.4, 0.6, 2), rng.uniform(0.07, 0.18)) for _ in range(8)]
        images = render([Scene((thing,)) for thing in things], size).astype(float)
        covered = ((250 - images[..., 0]) / 225).sum(axis=(1, 2)) / size**2
        assert covered == pytest.approx([AREAS[shape] * thing.r**2 for thing in things], rel=0.01), (shape, size)


def test_the_centre_of_mass_follows_the_centre():
    for shape, size in product(DEFAULT.shapes, (32, 64, 256)):
        thing = Thing(shape, "black", "large", 0.47, 0.52, 0.16)
        cover = (250 - render([Scene((thing,))], size)[0, ..., 0].astype(float)) / 225
        centres = (np.arange(size) + 0.5) / size
        assert cover.sum(axis=0) @ centres / cover.sum() == pytest.approx(0.47, abs=0.001), (shape, size)
        drop = 0.7 / 3 if shape == "triangle" else 0
        assert cover.sum(axis=1) @ centres / cover.sum() == pytest.approx(0.52 + drop * 0.16, abs=0.001), (shape, size)


def test_horizontal_and_vertical_edges_are_exact():
    """A square of half-side 8.86 px about (32.3, 31.9), all four edges between pixels."""
    thing = Thing("square", "black", "medium", 32.3 / 64, 31.9 / 64, 10 / 64)
    cover = [[max(0.0, min(c + 8.86, k + 1) - max(c - 8.86, k)) for k in range(64)] for c in (31.9, 32.3)]
    expected = 250 - 225 * np.outer(*cover)
    assert np.abs(render([Scene((thing,))], 64)[0, ..., 0] - expected).max() <= 0.5 + 1e-6


def test_colours_are_exact_at_centres():
    for colour, size in product(DEFAULT.colours, (32, 64, 256)):
        things = [Thing(shape, colour, "small", 0.5, 0.5, 0.08) for shape in DEFAULT.shapes]
        images = render([Scene((thing,)) for thing in things], size)
        assert (images[:, size // 2, size // 2] == DEFAULT.colours[colour]).all()
        assert (images[:, 0] == DEFAULT.background).all()


def test_a_thing_may_reach_over_the_border():
    corners = [Thing("circle", "red", "large", x, y, 0.2) for x in (0, 1) for y in (0, 1)]
    image = render([Scene(tuple(corners))], 64)[0]
    assert (image[[0, 0, -1, -1], [0, -1, 0, -1]] == DEFAULT.colours["red"]).all()
    assert (image[32] == DEFAULT.background).all()
    assert (image == image[::-1]).all()
    assert (image == image[:, ::-1]).all()


def test_overlapping_things_stay_within_the_range_of_a_pixel():
    things = [Thing("circle", "black", "large", x, 0.5, 0.2) for x in (0.45, 0.55)]
    image = render([Scene(tuple(things))], 64)[0]
    assert (image[32, 32] == 0).all()
    assert (image[32, 18:20] == DEFAULT.colours["black"]).all()


def test_an_image_does_not_depend_on_its_batch_or_order():
    chosen = [*scenes(30), Scene(())]
    together = render(chosen, 64)
    assert together.shape == (31, 64, 64, 3)
    assert together.dtype == np.uint8
    for scene, image in zip(chosen, together, strict=True):
        assert (render([scene], 64)[0] == image).all()
        assert (render([Scene(scene.things[::-1])], 64)[0] == image).all()
    assert (together[-1] == DEFAULT.background).all()
    assert render([], 64).shape == (0, 64, 64, 3)


def test_a_size_out_of_range_is_refused() -> None:
    for size in [0, 31, 513, -64]:
        with pytest.raises(ValueError, match=f"image size is {size}: expected 32 to 512"):
            render([], size)
