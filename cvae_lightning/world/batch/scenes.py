"""The scenes of a split as arrays, many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.batch.meanings import NONE, draw_forms, draw_meanings
from cvae_lightning.world.batch.placing import place_bodies
from cvae_lightning.world.batch.regions import FILLER, Bodies
from cvae_lightning.world.batch.streams import Streams
from cvae_lightning.world.batch.tables import tables
from cvae_lightning.world.batch.wording import draw_captions
from cvae_lightning.world.captioned import CaptionedScene
from cvae_lightning.world.checks import check_meaning
from cvae_lightning.world.drawing import Things
from cvae_lightning.world.membership import check_split
from cvae_lightning.world.mix import Mix
from cvae_lightning.world.named import DEFAULT
from cvae_lightning.world.renderer import draw_arrays
from cvae_lightning.world.scene import Meaning, Scene, Thing
from cvae_lightning.world.splits import NUMBERS
from cvae_lightning.world.world import World

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SceneBatch:
    """N scenes with their captions, as arrays of their T things; ``batch[i]`` is one of them as records.

    Attributes:
        captions: of the scenes.
        groups, links: (N, G) and (N, G - 1) their meanings; see ``meanings.draw_meanings``.
        starts: (N + 1,) where the things of each scene begin.
        group: (T,) the number of each thing's kind among the world's groups.
        x, y, r: (T,) its centre and radius as fractions of the side.
        world: of the scenes.

    >>> batch = captioned_scenes(0, "train", range(3))
    >>> len(batch), batch.draw(64).shape, batch[0].caption == batch.captions[0]
    (3, (3, 64, 64, 3), True)
    """

    captions: Sequence[str]
    groups: Ints
    links: Ints
    starts: Ints
    group: Ints
    x: Floats
    y: Floats
    r: Floats
    world: World

    def __len__(self) -> int:
        return len(self.captions)

    def take(self, rows: Sequence[int]) -> SceneBatch:
        """Some of the scenes, in this order."""
        chosen = np.asarray(rows, np.int64).reshape(-1)
        counts = np.diff(self.starts)[chosen]
        starts = np.concatenate(([0], np.cumsum(counts)))
        things = np.repeat(self.starts[chosen] - starts[:-1], counts) + np.arange(starts[-1])
        return SceneBatch(
            captions=[self.captions[row] for row in chosen.tolist()],
            groups=self.groups[chosen],
            links=self.links[chosen],
            starts=starts,
            group=self.group[things],
            x=self.x[things],
            y=self.y[things],
            r=self.r[things],
            world=self.world,
        )

    def draw(self, size: int) -> NDArray[np.uint8]:
        """(N, S, S, 3) uint8 RGB: the pixels that ``render`` draws.

        Args:
            size: the side S in pixels, 32 to 512.

        Raises:
            ValueError: the size is out of range.
        """
        table, world = tables(self.world), self.world
        colours = np.array([world.colours[colour] for colour in table.colours], np.int64).T
        image = np.repeat(np.arange(len(self)), np.diff(self.starts))
        shape, colour = table.shape[self.group], colours[:, table.colour[self.group]]
        things = Things(image, shape, self.x, self.y, self.r, colour)
        return draw_arrays(things, len(self), size, tuple(world.shapes.values()), world.background)

    def __getitem__(self, index: int) -> CaptionedScene:
        """One of the scenes.

        Raises:
            IndexError: there is none.
        """
        caption, span = self.captions[index], slice(*self.starts[index : index + 2].tolist())
        kinds = [tables(self.world).groups[number] for number in self.group[span].tolist()]
        rows = zip(kinds, self.x[span].tolist(), self.y[span].tolist(), self.r[span].tolist(), strict=True)
        things = [Thing(kind.shape, str(kind.colour), str(kind.size), x, y, r) for kind, x, y, r in rows]
        return CaptionedScene(
            _meaning(self.groups[index], self.links[index], self.world), Scene(tuple(things)), caption
        )


def captioned_scenes(
    seed: int,
    split: str,
    indices: Sequence[int],
    mix: Mix | None = None,
    synonyms: bool = True,
    *,
    world: World = DEFAULT,
) -> SceneBatch:
    """Several scenes of a split, each as :func:`cvae_lightning.world.captioned_scene` gives it, drawn together.

    Args:
        seed: the world's seed.
        split: one of the world's ``splits.names``.
        indices: 0 or more each.
        mix: how often each form of meaning is drawn; None: as the world says.
        synonyms: whether the captions use all words of the language or only the canonical ones.
        world: of the scenes.

    Raises:
        ValueError: there is no such split, or seed or an index is negative.

    >>> batch = captioned_scenes(0, "train", range(3, 5))
    >>> batch.captions[0], len(batch[0].scene.things)
    ('two medium yellow circles', 2)
    """
    check_split(split, world=world)
    numbers = np.asarray(indices, np.int64).reshape(-1)
    if seed < 0 or numbers.min(initial=0) < 0:
        raise ValueError(f"seed is {seed} and the least index is {numbers.min(initial=0)}: expected 0 or more")
    streams = Streams.of_scenes(seed, NUMBERS[split], numbers)
    forms = draw_forms(streams, split, mix or world.mix)
    most = max(2, world.max_groups)
    groups, links = np.full((len(numbers), most), NONE), np.full((len(numbers), most - 1), NONE)
    centres, r = np.zeros((2, world.max_things, len(numbers))), np.zeros((world.max_things, len(numbers)))
    left = np.arange(len(numbers))
    while len(left):
        groups[left], links[left] = draw_meanings(streams, left, forms[left], split, world)
        _check_number(groups[left], links[left], world)
        bodies = _draw_bodies(groups[left], links[left], streams, left, world)
        r[:, left] = bodies.r
        centres[..., left], placed = place_bodies(bodies, streams, left, world)
        left = left[~placed]
    captions = draw_captions(groups, links, streams if synonyms else None, world)
    return _packed(captions, groups, links, centres, r, world)


def _draw_bodies(groups: Ints, links: Ints, streams: Streams, lanes: Ints, world: World) -> Bodies:
    """The things of meanings, with a random radius each, group by group and then fillers."""
    table, most = tables(world), world.max_things
    counts = np.where(groups == NONE, 0, table.count[groups])
    ends = np.cumsum(counts, axis=1).T  # (G, n)
    group = np.sum([np.arange(most)[:, None] >= end for end in ends], axis=0)  # (B, n)
    filled = group < len(ends)
    kinds = groups[np.arange(len(groups)), np.minimum(group, len(ends) - 1)]
    low, high = world.radius_range
    r = np.zeros(group.shape)
    for k in range(most):
        scenes = filled[k].nonzero()[0]
        spread = low + (high - low) * streams.doubles(lanes[scenes])
        r[k, scenes] = table.radius[table.size[kinds[k, scenes]]] * spread
    shapes = table.shape[kinds]
    return Bodies(
        group=np.where(filled, group, FILLER),
        r=r,
        wider=table.wider[shapes] * r,
        reach=table.reach.transpose(1, 2, 0)[:, :, shapes] * r,
        links=links.T,
    )


def _packed(captions: list[str], groups: Ints, links: Ints, centres: Floats, r: Floats, world: World) -> SceneBatch:
    table, filled = tables(world), r.T > 0
    counts = np.where(groups == NONE, 0, table.count[groups])
    kinds = np.repeat(groups.reshape(-1), counts.reshape(-1))
    return SceneBatch(
        captions=captions,
        groups=groups,
        links=links,
        starts=np.concatenate(([0], np.cumsum(counts.sum(axis=1)))),
        group=kinds,
        x=centres[0].T[filled],
        y=centres[1].T[filled],
        r=r.T[filled],
        world=world,
    )


def _check_number(groups: Ints, links: Ints, world: World) -> None:
    """Refuse meanings of more groups than the world has, which a mix of a world of one group may ask for."""
    wrong = np.flatnonzero((groups != NONE).sum(axis=1) > world.max_groups)
    if len(wrong):
        check_meaning(_meaning(groups[wrong[0]], links[wrong[0]], world), world=world)


def _meaning(groups: Ints, links: Ints, world: World) -> Meaning:
    table = tables(world)
    present = [table.groups[number] for number in groups.tolist() if number != NONE]
    between = [None if number == NONE else table.relations[number] for number in links.tolist()]
    return Meaning(tuple(present), tuple(between[: len(present) - 1]))
