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
"""The group of a column that a scene has no thing for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """What placement needs to know about the things of n scenes, at most B in each.

    Attributes:
        group: (n, B) which group of the scene each is of, or ``FILLER``.
        r: (n, B) radii, 0 for fillers.
        wider: (n, B) how much wider their shares of distances are.
        reach: (n, B, 2, 2) of their outlines, as in ``Tables.reach``.
        links: (n, G - 1) relations between each group and the next, or -1.
    """

    group: Ints
    r: Floats
    wider: Floats
    reach: Floats
    links: Ints

    def take(self, rows: Ints | Bools) -> Bodies:
        """Some of the scenes."""
        return Bodies(
            group=self.group[rows],
            r=self.r[rows],
            wider=self.wider[rows],
            reach=self.reach[rows],
            links=self.links[rows],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """One line in each of n scenes, between a group and the next; some scenes have none.

    Attributes:
        present: (n,) which scenes have it.
        axis: (n,) along which it separates: 0 is x.
        before, after: (n, B) which things lie before and after it.
        near, far: (n, B) how far things reach towards the origin and away from it, along the axis.
    """

    present: Bools
    axis: Ints
    before: Bools
    after: Bools
    near: Floats
    far: Floats

    def take(self, rows: Ints | Bools) -> Lines:
        """Those of some of the scenes."""
        return Lines(
            present=self.present[rows],
            axis=self.axis[rows],
            before=self.before[rows],
            after=self.after[rows],
            near=self.near[rows],
            far=self.far[rows],
        )


def lines_of(bodies: Bodies, world: World) -> list[Lines]:
    """The lines of the relations between each group and the next."""
    names = tables(world).relations
    upright = np.array([name in ("above", "below") for name in names] or [False])
    forward = np.array([name in ("above", "left of") for name in names] or [False])
    found = []
    for k, link in enumerate(bodies.links.T):
        turned = np.where(forward[link], 0, 1)[:, None]
        axis = upright[link].astype(np.int64)
        along = bodies.reach[np.arange(len(link)), :, axis] * bodies.r[..., None]  # (n, B, 2)
        found.append(
            Lines(
                present=link >= 0,
                axis=axis,
                before=bodies.group == k + turned,
                after=bodies.group == k + 1 - turned,
                near=along[..., 0],
                far=along[..., 1],
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
        (2, n, 2, B) the least and the greatest x and y of each centre, and (n,) whether there is room for all lines.
    """
    border = world.spacing.border * bodies.r + world.spacing.margin  # (n, B)
    regions = np.stack((border, 1 - border))[:, :, None, :].repeat(2, axis=2)
    numbers = np.sum([line.present for line in lines], axis=0)
    room = np.ones(len(lanes), bool)
    for k, line in enumerate(lines):
        for repeated in range(numbers.max(initial=0)):  # keep room for the lines that are still to be drawn
            for other in lines[k:]:
                chosen = np.flatnonzero(room & line.present & other.present & (numbers > max(1, repeated)))
                if len(chosen):
                    low, high = _range(regions, other, chosen)
                    _separate(regions, other, chosen, high, low)
        chosen = np.flatnonzero(room & line.present)
        low, high = _range(regions, line, chosen)
        room[chosen[low > high]] = False
        chosen, low, high = chosen[low <= high], low[low <= high], high[low <= high]
        place = low + (high - low) * draws.doubles(lanes[chosen])
        _separate(regions, line, chosen, place, place)
    return regions, room


def _range(regions: Floats, line: Lines, rows: Ints) -> tuple[Floats, Floats]:
    """(m,) the least and greatest place of the line that leaves room on both of its sides, in some scenes."""
    axis = line.axis[rows]
    lows, highs = regions[0, rows, axis], regions[1, rows, axis]  # (m, B)
    low = np.where(line.before[rows], lows + line.far[rows], -np.inf).max(axis=1)
    high = np.where(line.after[rows], highs - line.near[rows], np.inf).min(axis=1)
    return low, high


def _separate(regions: Floats, line: Lines, rows: Ints, before_end: Floats, after_start: Floats) -> None:
    """Cut the regions of both sides of the line, in place, so that one ends and the other starts there."""
    axis = line.axis[rows]
    lows, highs = regions[0, rows, axis], regions[1, rows, axis]  # (m, B)
    ends, starts = before_end[:, None] - line.far[rows], after_start[:, None] + line.near[rows]
    regions[1, rows, axis] = np.where(line.before[rows], np.minimum(highs, ends), highs)
    regions[0, rows, axis] = np.where(line.after[rows], np.maximum(lows, starts), lows)
