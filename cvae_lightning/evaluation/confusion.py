"""Confusion tables: what the captions ask for against what the detector finds.

The things in an image have no names, so asked and detected things are paired, one to one: the pair that agrees in
most of colour, shape and size first, then the next; among equals a pair that agrees in colour, then in shape,
then the first in the order of the caption. An asked thing without a partner counts as detected as ``nothing``; a
detected thing without one counts as asked as ``nothing``. Pairing by agreement shows the fewest confusions that
explain the image, and a red square and blue circle in place of a blue square and red circle as confused shapes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from cvae_lightning.evaluation.consistency import JudgedImage
from cvae_lightning.world import DEFAULT, UNCLEAR, Detection, Meaning, World

NOTHING, MORE = "nothing", "more"
ATTRIBUTES = ("colour", "shape", "size")


class Asked(NamedTuple):
    """One thing that a caption names; a size or colour that it leaves unsaid is None."""

    colour: str | None
    shape: str
    size: str | None


Pair = tuple[Asked | None, Detection | None]


def named(meaning: Meaning) -> list[Asked]:
    """The things that a meaning names, one by one."""
    return [Asked(g.colour, g.shape, g.size) for g in meaning.groups for _ in range(g.count)]


def paired(asked: Sequence[Asked], detected: Sequence[Detection]) -> list[Pair]:
    """Asked and detected things, one to one by the module's rule, then those that are left over."""
    every = [(_agreement(a, s), i, j) for i, a in enumerate(asked) for j, s in enumerate(detected)]
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in sorted(every, key=lambda pair: ([-x for x in pair[0]], pair[1], pair[2])):
        if i not in partner and j not in taken:
            partner[i] = j
            taken.add(j)
    pairs: list[Pair] = [(thing, detected[partner[i]] if i in partner else None) for i, thing in enumerate(asked)]
    return [*pairs, *((None, thing) for j, thing in enumerate(detected) if j not in taken)]


def _agreement(asked: Asked, detected: Detection) -> tuple[int, bool, bool]:
    colour, shape, size = (getattr(asked, word) in (None, getattr(detected, word)) for word in ATTRIBUTES)
    return colour + shape + size, colour, shape


def confusion(images: Iterable[JudgedImage], world: World = DEFAULT) -> dict[str, Any]:
    """The tables of ``count`` (of images) and of ``colour``, ``shape`` and ``size`` (of things), as plain data.

    Each has ``asked``, the names of its rows, ``seen``, those of its columns (what was detected), and ``times``.
    """
    images = list(images)
    pairs = [pair for image in images for pair in paired(named(image.meaning), image.things)]
    most = world.max_things
    numbers = Counter((str(len(named(image.meaning))), _number(len(image.things), most)) for image in images)
    counts = [str(number) for number in range(most + 1)]
    tables = {"count": _table(numbers, counts[1:], [*counts, MORE])}
    for what, words in zip(ATTRIBUTES, (world.colours, world.shapes, world.sizes), strict=True):
        times = Counter((_word(asked, what), _word(detected, what)) for asked, detected in pairs)
        tables[what] = _table(times, [*words, NOTHING], [*words, UNCLEAR, NOTHING])
    return tables


def _number(count: int, most: int) -> str:
    return str(count) if count <= most else MORE


def _word(thing: Asked | Detection | None, what: str) -> str | None:
    return NOTHING if thing is None else getattr(thing, what)


def _table(times: Counter[Any], asked: Sequence[str], detected: Sequence[str]) -> dict[str, Any]:
    return {"asked": list(asked), "seen": list(detected), "times": [[times[a, d] for d in detected] for a in asked]}


class Confusion(NamedTuple):
    """A cell off the diagonal: ``asked`` was detected as ``detected`` in ``times`` of the row's ``of``."""

    what: str
    asked: str
    detected: str
    times: int
    of: int


def worst(tables: dict[str, Any], most: int = 5) -> list[Confusion]:
    """The most frequent confusions of something asked with something else, the most frequent first."""
    cells = [
        Confusion(what, asked, detected, times, sum(row))
        for what, table in tables.items()
        for asked, row in zip(table["asked"], table["times"], strict=True)
        for detected, times in zip(table["seen"], row, strict=True)
        if times and asked != detected and NOTHING not in (asked, detected)
    ]
    return sorted(cells, key=lambda cell: -cell.times)[:most]


def missing(tables: dict[str, Any]) -> Confusion:
    """Things asked of which nothing was detected, of all asked."""
    table = tables["shape"]
    asked = [row for name, row in zip(table["asked"], table["times"], strict=True) if name != NOTHING]
    column = table["seen"].index(NOTHING)
    return Confusion("things", "something", NOTHING, sum(row[column] for row in asked), sum(map(sum, asked)))


def extra(tables: dict[str, Any]) -> Confusion:
    """Things detected that no caption asked for, of all detected."""
    table = tables["shape"]
    columns = [c for name, c in zip(table["seen"], zip(*table["times"], strict=True), strict=True) if name != NOTHING]
    row = table["asked"].index(NOTHING)
    return Confusion("things", NOTHING, "something", sum(column[row] for column in columns), sum(map(sum, columns)))
