"""What the damages of `damages` are drawn with: coverage of pixels, free places, contact of outlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvae_lightning.world import Meaning, Scene, Thing, World, render
from cvae_lightning.world.renderer import silhouettes

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]

APART = 1.45
"""Two circles around outlines of the default world are apart where their centres are so many radii apart."""
TRIES = 100
"""Random places that are tried for a further thing."""
POINTS = 240
"""Of an outline."""


@dataclass(frozen=True, slots=True)
class Example:
    """A scene to be damaged, and the meaning that is true of it.

    Attributes:
        meaning: what the picture should show.
        scene: a scene of it.
        side: of the picture in pixels.
        world: of both.
    """

    meaning: Meaning
    scene: Scene
    side: int
    world: World

    def drawn(self, scene: Scene | None = None) -> Image:
        """(S, S, 3) the scene, or another one, without a damage."""
        return render([scene or self.scene], self.side, world=self.world)[0]

    def coverage(self, *things: Thing) -> Floats:
        """(S, S) how much of each pixel is covered by any of the things."""
        alone = [Scene((thing,)) for thing in things]
        covered: Floats = silhouettes(alone, self.side, self.world.shapes).max(axis=0)
        return covered

    def any_thing(self, rng: np.random.Generator) -> Thing:
        """One of the things."""
        return self.scene.things[int(rng.integers(len(self.scene.things)))]

    def moved(self, thing: Thing, moved: Thing, touched: Thing | None = None) -> Scene | None:
        """The scene with a thing moved, if that is clear of the others but one, and the caption still holds."""
        others = [other for other in self.scene.things if other not in (thing, touched)]
        if not clear_of(others, moved.x, moved.y, moved.r):
            return None
        after = Scene(tuple(moved if other == thing else other for other in self.scene.things))
        return after if self.meaning.holds(after) else None


def over(image: Image | Floats, cover: Floats, colour: ArrayLike) -> Image:
    """(S, S, 3) the picture with a colour laid over it, as opaque as ``cover`` (S, S) says."""
    mixed = image + cover[..., None] * (np.asarray(colour, float) - image)
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8)


def clear_of(things: Sequence[Thing], x: float, y: float, r: float) -> bool:
    """Whether a thing of radius r at (x, y) is clear of all things."""
    return all(hypot(x - other.x, y - other.y) >= APART * (r + other.r) + 0.01 for other in things)


def free_place(things: Sequence[Thing], r: float, rng: np.random.Generator) -> tuple[float, float] | None:
    """A random centre that is clear of the border and of all things."""
    edge = 1.3 * r + 0.01
    places = rng.uniform(edge, 1 - edge, (TRIES, 2)).tolist()
    return next(((x, y) for x, y in places if clear_of(things, x, y, r)), None)


def contact_distance(first: Thing, second: Thing, world: World) -> float:
    """The distance of the centres at which two things just touch, along the line that joins them.

    >>> from cvae_lightning.world import DEFAULT
    >>> small = [Thing("circle", "red", "small", x, 0.5, 0.08) for x in (0.3, 0.7)]
    >>> round(contact_distance(*small, DEFAULT), 3)
    0.16
    """
    apart = hypot(second.x - first.x, second.y - first.y)
    direction = np.array([second.x - first.x, second.y - first.y]) / apart
    ours, theirs = _outline(first, world), _outline(second, world)
    near, far = 0.0, 1.5 * (first.r + second.r)
    for _ in range(20):
        middle = (near + far) / 2
        moved = theirs + middle * direction
        meets = inside(moved, ours).any() or inside(ours, moved).any()
        near, far = (middle, far) if meets else (near, middle)
    return far


def _outline(thing: Thing, world: World) -> Floats:
    """(P, 2) points of the outline around the centre, as fractions of the side."""
    corners = np.array(world.shapes[thing.shape])
    if not len(corners):
        angles = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
        return thing.r * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    place = np.linspace(0, len(corners), POINTS, endpoint=False)
    which, part = place.astype(int), (place % 1)[:, None]
    return thing.r * ((1 - part) * corners[which] + part * corners[(which + 1) % len(corners)])


def inside(points: Floats, outline: Floats) -> NDArray[np.bool_]:
    """(P) whether points lie inside an outline: a ray to the right crosses it an odd number of times.

    >>> square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    >>> inside(np.array([[0.5, 0.5], [1.5, 0.5]]), square).tolist()
    [True, False]
    """
    x, y = points.T[:, :, None]
    (a, b), (c, d) = outline.T[:, None], np.roll(outline, -1, axis=0).T[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = a + (y - b) / (d - b) * (c - a)
    crossed = ((b > y) != (d > y)) & (x < crossing)
    odd: NDArray[np.bool_] = crossed.sum(axis=1) % 2 == 1
    return odd


def along(side: int, angle: float) -> Floats:
    """(S, S) how far the centre of each pixel lies in a direction, in pixels."""
    centres = np.arange(side) + 0.5
    return np.cos(angle) * centres + np.sin(angle) * centres[:, None]
