"""Damages that make a picture wrong: a scene is drawn with one mistake of a known size, which a judge should notice.

Each is a function of an example, the size of the mistake and a random generator, and returns the picture, or None
where the scene has no room for it. The things stay those that the caption names, so that a verdict which fails does so
because of the mistake alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from math import hypot, sqrt

import numpy as np

from cvae_lightning.evaluation.damage_tools import (
    Example,
    Image,
    along,
    contact_distance,
    free_place,
    over,
)
from cvae_lightning.world import Meaning, Scene, Thing
from cvae_lightning.world.outlines import reach

Draw = Callable[[Example, float, np.random.Generator], Image | None]

REFERENCE_SIDE = 64
"""Lengths in pixels are those of a picture of this side, and grow with the side."""


def pale_thing(example: Example, amount: float, rng: np.random.Generator) -> Image | None:
    """A further thing of the smallest size, at an opacity of ``amount``."""
    return _further(example, min(example.world.sizes.values()), amount, rng)


def tiny_thing(example: Example, amount: float, rng: np.random.Generator) -> Image | None:
    """A further opaque thing with ``amount`` of the area of one of the smallest size."""
    return _further(example, min(example.world.sizes.values()) * sqrt(amount), 1, rng)


def _further(example: Example, r: float, opacity: float, rng: np.random.Generator) -> Image | None:
    place = free_place(example.scene.things, r, rng)
    if place is None:
        return None
    world = example.world
    shape, colour = str(rng.choice(list(world.shapes))), str(rng.choice(list(world.colours)))
    further = Thing(shape, colour, next(iter(world.sizes)), *place, r)
    return over(example.drawn(), opacity * example.coverage(further), world.colours[colour])


def two_colours(example: Example, amount: float, rng: np.random.Generator) -> Image:
    """One thing has ``amount`` of its area in another colour, beyond a straight line."""
    thing, colours = example.any_thing(rng), example.world.colours
    other = str(rng.choice([colour for colour in colours if colour != thing.colour]))
    cover, place = example.coverage(thing), along(example.side, rng.uniform(0, 2 * np.pi))
    order = np.argsort(place.ravel())
    summed = np.cumsum(cover.ravel()[order])
    line = place.ravel()[order][np.searchsorted(summed, (1 - amount) * summed[-1])]
    return over(example.drawn(), cover * np.clip(place - line + 0.5, 0, 1), colours[other])


def darker(example: Example, amount: float, rng: np.random.Generator) -> Image:
    """Red, green and blue of one thing are less by ``amount`` of themselves."""
    thing = example.any_thing(rng)
    colour = (1 - amount) * np.array(example.world.colours[thing.colour])
    return over(example.drawn(), example.coverage(thing), colour)


def paler(example: Example, amount: float, rng: np.random.Generator) -> Image:
    """One thing is mixed with ``amount`` of the background."""
    return over(example.drawn(), amount * example.coverage(example.any_thing(rng)), example.world.background)


def cut_by_border(example: Example, amount: float, rng: np.random.Generator) -> Image | None:
    """One thing lies with ``amount`` of its width beyond the border."""
    moves = [(thing, axis, end) for thing in example.scene.things for axis in (0, 1) for end in (0, 1)]
    for index in rng.permutation(len(moves)).tolist():
        thing, axis, end = moves[index]
        near, far = reach(example.world.shapes[thing.shape])[axis]
        beyond = amount * (near + far) * thing.r
        place = thing.r * near - beyond if end == 0 else 1 - thing.r * far + beyond
        scene = example.moved(thing, replace(thing, **{"xy"[axis]: place}))
        if scene is not None:
            return example.drawn(scene)
    return None


def cut_by_strip(example: Example, amount: float, rng: np.random.Generator) -> Image:
    """One thing has lost ``amount`` of its width at one side, to the background."""
    return _erased(example, -1.0, amount, rng)


def split_by_strip(example: Example, amount: float, rng: np.random.Generator) -> Image:
    """A strip of the background, ``amount`` of its width wide, runs through one thing, upright or level."""
    begin = rng.uniform(0.2, 0.8 - amount)
    return _erased(example, begin, begin + amount, rng)


def _erased(example: Example, begin: float, end: float, rng: np.random.Generator) -> Image:
    """Erase a strip of one thing, from ``begin`` to ``end`` of its width from one side."""
    thing, axis, turned = example.any_thing(rng), int(rng.integers(2)), bool(rng.integers(2))
    near, far = reach(example.world.shapes[thing.shape])[axis]
    width = (near + far) * thing.r * example.side
    centre = (thing.x, thing.y)[axis] * example.side
    place = np.arange(example.side) + 0.5 - (centre - near * thing.r * example.side)
    place = width - place if turned else place
    within = np.clip(np.minimum(place + 0.5, end * width) - np.maximum(place - 0.5, begin * width), 0, 1)
    cover = example.coverage(thing) * (within if axis == 0 else within[:, None])
    return over(example.drawn(), cover, example.world.background)


def joining_line(example: Example, amount: float, rng: np.random.Generator) -> Image | None:
    """A line, ``amount`` pixels wide, joins the centres of two things, in the colour of one and below all."""
    things, side = example.scene.things, example.side
    if len(things) < 2:
        return None
    first, second = (things[k] for k in rng.choice(len(things), 2, replace=False))
    start, end = (side * np.array([thing.x, thing.y]) for thing in (first, second))
    length = float(np.hypot(*(end - start)))
    angle = float(np.arctan2(*(end - start)[::-1]))
    forward = along(side, angle) - float(start @ [np.cos(angle), np.sin(angle)])
    across = along(side, angle + np.pi / 2) - float(start @ [-np.sin(angle), np.cos(angle)])
    half = amount * side / REFERENCE_SIDE / 2
    cover = np.clip(np.minimum(across + 0.5, half) - np.maximum(across - 0.5, -half), 0, 1)
    cover *= (forward >= 0) & (forward <= length)
    return over(example.drawn(), cover * (1 - example.coverage(*things)), example.world.colours[first.colour])


def touching(example: Example, amount: float, rng: np.random.Generator) -> Image | None:
    """One thing is moved towards another until their outlines overlap by ``amount`` pixels; 0 where they just touch."""
    pairs = list(permutations(example.scene.things, 2))
    for index in rng.permutation(len(pairs)).tolist():
        first, second = pairs[index]
        apart = hypot(second.x - first.x, second.y - first.y)
        step = 1 - (contact_distance(first, second, example.world) - amount / REFERENCE_SIDE) / apart
        moved = replace(first, x=first.x + step * (second.x - first.x), y=first.y + step * (second.y - first.y))
        scene = example.moved(first, moved, touched=second)
        if scene is not None:
            image = example.drawn(Scene(tuple(thing for thing in scene.things if thing != second)))
            return over(image, example.coverage(second), example.world.colours[second.colour])
    return None


def other_canvas(example: Example, amount: float, rng: np.random.Generator) -> Image:
    """The canvas is darker by ``amount`` of 255 in one, two or three channels."""
    channels = np.zeros(3)
    channels[rng.permutation(3)[: rng.integers(1, 4)]] = amount
    free = 1 - example.coverage(*example.scene.things)
    return np.clip(np.round(example.drawn() - free[..., None] * channels), 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Damage:
    """A mistake of several sizes.

    Attributes:
        draw: draws an example with it.
        amounts: its sizes, the smallest first.
        unit: of the sizes.
        bar: the size from which no picture should pass, or None where the specification sets none.
    """

    draw: Draw
    amounts: tuple[float, ...]
    unit: str
    bar: float | None


_SHARES = (0.02, 0.05, 0.1, 0.2, 0.4)
DAMAGES = {
    "pale_thing": Damage(pale_thing, _SHARES, "opacity of a further thing", 0.1),
    "tiny_thing": Damage(tiny_thing, _SHARES, "area of a further thing, of a small one's", 0.1),
    "two_colours": Damage(two_colours, _SHARES, "share of one thing in another colour", 0.1),
    "cut_by_border": Damage(cut_by_border, _SHARES, "share of one thing's width beyond the border", 0.05),
    "cut_by_strip": Damage(cut_by_strip, _SHARES, "share of one thing's width erased at its side", 0.05),
    "split_by_strip": Damage(split_by_strip, _SHARES, "share of one thing's width erased inside", 0.05),
    "joining_line": Damage(joining_line, (0.25, 0.5, 1, 1.5, 2), "width of a line between two, pixels of 64", 1),
    "touching": Damage(touching, (-1, -0.5, 0, 0.5, 1, 2), "overlap of two things, pixels of 64", 0),
    "other_canvas": Damage(other_canvas, (1, 2, 4, 8, 16, 32), "difference of the canvas, of 255", 8),
    "darker": Damage(darker, (0.05, 0.1, 0.2, 0.3, 0.5), "one thing darker by this share", None),
    "paler": Damage(paler, (0.05, 0.1, 0.2, 0.3, 0.5), "one thing with this share of background", None),
}
"""Mistakes that a judge should notice."""


def damaged(damage: Damage, examples: Sequence[Example], amount: float, seed: int) -> Iterator[tuple[Image, Meaning]]:
    """The pictures of examples with a damage, and what each should show; without those that have no room for it."""
    for index, example in enumerate(examples):
        image = damage.draw(example, amount, np.random.default_rng([seed, index]))
        if image is not None:
            yield image, example.meaning
