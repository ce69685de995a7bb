"""The tables of docs/world.md are the constants of the code."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest
from support import ROOT

from cvae_lightning.world import ATOMS, DEFAULT, OPPOSITES, V1, Group, Meaning, World, content, split_contains
from cvae_lightning.world.captions import CANONICAL
from cvae_lightning.world.renderer import LARGEST, SMALLEST

TEXT = (ROOT / "docs" / "world.md").read_text()
PROSE = " ".join(TEXT.split())


def rows(first: str) -> dict[str, list[str]]:
    """The rows of the table whose header begins so: first cell to the other cells."""
    lines = TEXT[TEXT.index(f"| {first} |") :].split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name.strip("`"): rest for name, *rest in cells}


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


def test_colours() -> None:
    assert {name: tuple(numbers(rgb)) for name, (rgb,) in rows("colour").items()} == dict(DEFAULT.colours)
    assert f"The background is RGB {DEFAULT.background}." in PROSE
    assert f"Square images of {SMALLEST} to {LARGEST} px can be rendered" in PROSE


def test_shapes() -> None:
    outlines = {name: numbers(text) for name, (text,) in rows("shape").items()}
    assert tuple(outlines) == tuple(DEFAULT.shapes)
    for shape in ("square", "triangle", "diamond"):
        assert outlines[shape] == [number for corner in DEFAULT.shapes[shape] for number in corner]
    radii = [float(np.hypot(*corner)) for corner in DEFAULT.shapes["star"]]
    assert len(radii) == 10
    assert outlines["star"] == pytest.approx([max(radii), min(radii)])
    assert DEFAULT.shapes["star"][0] == pytest.approx((0, -max(radii)))
    corners = {abs(number) for corner in DEFAULT.shapes["cross"] for number in corner}
    assert outlines["cross"] == [max(corners), min(corners)]


def test_sizes_and_distances() -> None:
    table = rows("size")
    assert {name: float(radius) for name, (radius, _) in table.items()} == dict(DEFAULT.sizes)
    assert {name: int(count) for name, (_, count) in table.items()} == dict(DEFAULT.max_counts)
    assert "a number drawn uniformly from {} to {}.".format(*DEFAULT.radius_range) in PROSE
    assert "1.3 r + 0.01 from the border" in PROSE
    assert "1.28 (r1 + r2) + 0.01 from each other" in PROSE
    assert DEFAULT.spacing.from_border(0.1) == pytest.approx(1.3 * 0.1 + 0.01)
    wider = DEFAULT.spacing.wider("triangle")
    assert "triangle, whose corners reach 1.42 r, is 1.45 r instead of 1.28 r" in PROSE
    assert round(max(np.hypot(*corner) for corner in DEFAULT.shapes["triangle"]), 2) == 1.42
    assert DEFAULT.spacing.between(0.1, 0.0, 0.2, 0.0) == pytest.approx(1.28 * 0.3 + 0.01)
    assert DEFAULT.spacing.between(0.1, 0.0, 0.2, wider) == pytest.approx(1.28 * 0.1 + 1.45 * 0.2 + 0.01)


def test_words() -> None:
    table = {name: tuple(re.findall(r"`([^`]+)`", words)) for name, (words,) in rows("meaning").items()}
    language = DEFAULT.language
    counts = {str(count): words for count, words in language.counts.items()}
    assert table == {**counts, **language.sizes, **language.links}
    assert {"joined", *DEFAULT.relations} == set(language.links)
    assert f"the canonical word {CANONICAL:.0%}".replace("%", " %") in PROSE
    mix = DEFAULT.mix
    assert f"{mix.one:.0%} one group, {mix.joined:.0%} joined and {mix.relation:.0%}".replace("%", " %") in PROSE


@pytest.mark.parametrize("world", [DEFAULT, V1], ids=lambda world: world.name)
def test_splits(world: World) -> None:
    """Every pair, count and relation of shapes that the table names is in its split, and no other is."""
    table = {name: text for name, (text,) in rows("split").items()}
    assert tuple(table) == DEFAULT.splits.names[3:]
    assert tuple(table)[:3] == V1.splits.names[3:]

    def in_splits(meaning: Meaning) -> set[str]:
        return {split for split in world.splits.names if split_contains(split, meaning, world=world)}

    def expected(meaning: Meaning, novel: str | None) -> set[str]:
        if content(meaning).fraction() < world.splits.heldout:
            return set() if novel else {"heldout"}
        return {novel} if novel else {"train", "val", "test"}

    pairs = set(re.findall(rf"({'|'.join(world.colours)}) ({'|'.join(world.shapes)})", table["novel_pair"]))
    for colour, shape in product(world.colours, world.shapes):
        meaning = Meaning((Group(1, None, colour, shape),))
        assert in_splits(meaning) == expected(meaning, "novel_pair" if (colour, shape) in pairs else None)
    counts = {(int(n), noun) for n, noun in re.findall(r"(\d) (\w+)", table["novel_count"])}
    for count, shape in product(world.language.counts, world.shapes):
        meaning = Meaning((Group(count, None, None, shape),))
        novel = (count, world.language.form(shape, "", "plural")) in counts
        assert in_splits(meaning) == expected(meaning, "novel_count" if novel else None)
    shapes = "|".join(world.shapes)
    text = table["novel_relation"].partition(", or the same")[0]
    relations = set(re.findall(rf"({shapes}) ({'|'.join(world.relations)}) ({shapes})", text))
    assert (len(pairs), len(counts), len(relations)) == (6, 3, 4)
    if world == DEFAULT:
        relations |= {(second, OPPOSITES[relation], first) for first, relation, second in relations}
    for first, relation, second in product(world.shapes, world.relations, world.shapes):
        meaning = Meaning((Group(1, None, "black", first), Group(1, None, "yellow", second)), (relation,))
        novel = (first, relation, second) in relations
        assert in_splits(meaning) == expected(meaning, "novel_relation" if novel else None)


def test_atoms() -> None:
    assert tuple(rows("atom")) == ATOMS
