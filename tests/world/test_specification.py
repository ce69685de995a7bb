"""The tables of docs/world.md are the constants of the code."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest
from support import ROOT

from cvae_lightning.world import ATOMS, DEFAULT, Group, Meaning, split_contains
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
    assert DEFAULT.spacing.between(0.1, 0.0, 0.2, 0.0) == pytest.approx(1.28 * 0.3 + 0.01)


def test_words() -> None:
    table = {name: tuple(re.findall(r"`([^`]+)`", words)) for name, (words,) in rows("meaning").items()}
    language = DEFAULT.language
    counts = {str(count): words for count, words in language.counts.items()}
    assert table == {**counts, **language.sizes, **language.links}
    assert {"joined", *DEFAULT.relations} == set(language.links)
    assert f"the canonical word {CANONICAL:.0%}".replace("%", " %") in PROSE
    mix = DEFAULT.mix
    assert f"{mix.one:.0%} one group, {mix.joined:.0%} joined and {mix.relation:.0%}".replace("%", " %") in PROSE


def in_splits(meaning: Meaning) -> set[str]:
    return {split for split in DEFAULT.splits.names if split_contains(split, meaning)}


def test_splits() -> None:
    """Every pair, count and relation of shapes that the table names is in its split, and no other is."""
    table = {name: text for name, (text,) in rows("split").items()}
    assert tuple(table) == DEFAULT.splits.names[3:]
    common = set(DEFAULT.splits.names[:3])
    pairs = set(re.findall(rf"({'|'.join(DEFAULT.colours)}) ({'|'.join(DEFAULT.shapes)})", table["novel_pair"]))
    for colour, shape in product(DEFAULT.colours, DEFAULT.shapes):
        expected = {"novel_pair"} if (colour, shape) in pairs else common
        assert in_splits(Meaning((Group(1, None, colour, shape),))) == expected
    counts = {(int(n), noun) for n, noun in re.findall(r"(\d) (\w+)", table["novel_count"])}
    for count, shape in product(DEFAULT.language.counts, DEFAULT.shapes):
        expected = {"novel_count"} if (count, DEFAULT.language.form(shape, "", "plural")) in counts else common
        assert in_splits(Meaning((Group(count, None, None, shape),))) == expected
    shapes = "|".join(DEFAULT.shapes)
    relations = set(re.findall(rf"({shapes}) ({'|'.join(DEFAULT.relations)}) ({shapes})", table["novel_relation"]))
    assert (len(pairs), len(counts), len(relations)) == (6, 3, 4)
    for first, relation, second in product(DEFAULT.shapes, DEFAULT.relations, DEFAULT.shapes):
        expected = {"novel_relation"} if (first, relation, second) in relations else common
        groups = (Group(1, None, "black", first), Group(1, None, "yellow", second))
        assert in_splits(Meaning(groups, (relation,))) == expected


def test_atoms() -> None:
    assert tuple(rows("atom")) == ATOMS
