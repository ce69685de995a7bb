"""Where each thing of many scenes may lie: on its side of lines that are drawn at random for each relation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.batch.streams import Draws
from cvae_lightning.world.batch.tables import tables
from cvae_lightning.world.world import World

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
FILLER = -1
"""The group of a row that a scene has no thing for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """What placement needs to know about the things of n scenes, at most B in each.

    Attributes:
        group: (B, n) which group of the scene each is of, or ``FILLER``.
        r: (B, n) radii, 0 for fillers.
        wider: (B, n) how much wider their shares of distances are, times their radii.
        reach: (2, 2, B, n) how far they reach: by axis, and towards the origin or away from it.
        links: (G - 1, n) relations between each group and the next, or -1.
    """

    group: Ints
    r: Floats
    wider: Floats
    reach: Floats
    links: Ints

    def take(self, scenes: Ints | Bools | slice) -> Bodies:
        """Those of some of the scenes."""
        return Bodies(
            group=self.group[:, scenes],
            r=self.r[:, scenes],
            wider=self.wider[:, scenes],
            reach=self.reach[..., scenes],
            links=self.links[:, scenes],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """One line in each of n scenes, between a group and the next; some scenes have none.

    Attributes:
        present: (n,) which scenes have it.
        axis: (n,) along which it separates: 0 is x.
        before, after: (B, n) which things lie before and after it.
        near, far: (B, n) how far things reach towards the origin and away from it, along the axis.
    """

    present: Bools
    axis: Ints
    before: Bools
    after: Bools
    near: Floats
    far: Floats

    def take(self, scenes: Ints | Bools) -> Lines:
        """Those of some of the scenes."""
        return Lines(
            present=self.present[scenes],
            axis=self.axis[scenes],
            before=self.before[:, scenes],
            after=self.after[:, scenes],
            near=self.near[:, scenes],
            far=self.far[:, scenes],
        )


def lines_of(bodies: Bodies, world: World) -> list[Lines]:
    """The lines of the relations between each group and the next."""
    names = tables(world).relations
    upright = np.array([name in ("above", "below") for name in names] or [False])
    forward = np.array([name in ("above", "left of") for name in names] or [False])
    found = []
    for k, link in enumerate(bodies.links):
        first = np.where(forward[link], k, k + 1)
        along = np.where(upright[link], bodies.reach[1], bodies.reach[0])  # (2, B, n)
        found.append(
            Lines(
                present=link >= 0,
                axis=upright[link].astype(np.int64),
                before=bodies.group == first,
                after=bodies.group == 2 * k + 1 - first,
                near=along[0],
                far=along[1],
            )
        )
    return found


def draw_regions(bodies: Bodies, lines: list[Lines], draws: Draws, lanes: Ints, world: World) -> tuple[Floats, Bools]:
    """The region of each thing, as ``placement`` draws it for one scene.

    Args:
        bodies: of n scenes.
        lines: from :func:`lines_of`.
        draws: the generators.
        lanes: (n,) those of the scenes.
        world: of the scenes.

    Returns:
        (2, 2, B, n) the least and the greatest x and y of each centre, and (n,) whether there is room for all lines.
    """
    border = world.spacing.border * bodies.r + world.spacing.margin  # (B, n)
    regions = np.empty((2, 2, *border.shape))
    regions[0], regions[1] = border, 1 - border
    numbers = sum((line.present.astype(np.int64) for line in lines), np.zeros(len(lanes), np.int64))
    room = np.ones(len(lanes), bool)
    for k, line in enumerate(lines):
        for repeated in range(numbers.max(initial=0) if len(lines) > 1 else 0):
            for other in lines[k:]:  # keep room for the lines that are still to be drawn
                chosen = (room & line.present & other.present & (numbers > max(1, repeated))).nonzero()[0]
                if len(chosen):
                    low, high = _range(regions, other, chosen)
                    _separate(regions, other, chosen, high, low)
        chosen = (room & line.present).nonzero()[0]
        if len(chosen):
            low, high = _range(regions, line, chosen)
            if (low > high).any():
                room[chosen[low > high]] = False
                chosen, low, high = chosen[low <= high], low[low <= high], high[low <= high]
            place = low + (high - low) * draws.doubles(lanes[chosen])
            _separate(regions, line, chosen, place, place)
    return regions, room


def _range(regions: Floats, line: Lines, scenes: Ints) -> tuple[Floats, Floats]:
    """(m,) the least and greatest place of the line that leaves room on both of its sides, in some scenes."""
    sides = regions[:, line.axis[scenes], :, scenes]  # (m, 2, B)
    low = np.where(line.before[:, scenes], sides[:, 0].T + line.far[:, scenes], -np.inf).max(axis=0)
    high = np.where(line.after[:, scenes], sides[:, 1].T - line.near[:, scenes], np.inf).min(axis=0)
    return low, high


def _separate(regions: Floats, line: Lines, scenes: Ints, before_end: Floats, after_start: Floats) -> None:
    """Cut the regions of both sides of the line, in place, so that one ends and the other starts there."""
    axis = line.axis[scenes]
    sides = regions[:, axis, :, scenes]  # (m, 2, B)
    ends, starts = before_end - line.far[:, scenes], after_start + line.near[:, scenes]
    ends[~line.before[:, scenes]] = np.inf
    starts[~line.after[:, scenes]] = -np.inf
    np.maximum(sides[:, 0], starts.T, out=sides[:, 0])
    np.minimum(sides[:, 1], ends.T, out=sides[:, 1])
    regions[:, axis, :, scenes] = sides
