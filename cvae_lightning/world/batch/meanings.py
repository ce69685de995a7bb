"""Meanings of a split for many random generators at a time, as ``sampler.sample_meaning`` draws them one at a time."""

from __future__ import annotations

from hashlib import sha256
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.batch.streams import Ints, Streams
from cvae_lightning.world.batch.tables import Tables, tables
from cvae_lightning.world.mix import Mix
from cvae_lightning.world.sampler import check_relations, several_groups
from cvae_lightning.world.world import World

Bools = NDArray[np.bool_]
ONE, JOINED, RELATION = range(3)
NONE = -1
"""In place of a group or relation that a meaning does not have."""


def draw_forms(streams: Streams, split: str, mix: Mix) -> Ints:
    """(N,) the form of each meaning by the mix: ``ONE``, ``JOINED`` or ``RELATION``.

    Raises:
        ValueError: the mix has no form that the split contains.
    """
    lanes = np.arange(len(streams.low))
    if split == "novel_relation":
        check_relations(mix)
        return np.full(len(lanes), RELATION)
    u = streams.doubles(lanes)
    if split == "novel_groups":
        u = several_groups(mix, u)
    return np.select([u < mix.one, u < mix.one + mix.joined], [ONE, JOINED], RELATION)


def draw_meanings(streams: Streams, lanes: Ints, forms: Ints, split: str, world: World) -> tuple[Ints, Ints]:
    """Meanings of the split that have given forms.

    Args:
        streams: the generators.
        lanes: (n,) those that draw.
        forms: (n,) of their meanings.
        split: a split of the world.
        world: of the meanings.

    Returns:
        (n, G) the numbers of their groups in ``Tables.groups`` and (n, G - 1) those of the relations between them, or
        ``NONE``; G is the largest number of groups.
    """
    table = tables(world)
    most = max(2, world.max_groups)
    groups, links = np.full((len(lanes), most), NONE), np.full((len(lanes), most - 1), NONE)
    left = np.arange(len(lanes))
    while len(left):
        groups[left] = _draw_groups(streams, lanes[left], forms[left], world)
        right = _of_different_kinds(groups[left], table)
        left, again = left[right], left[~right]
        numbers = (groups[left] != NONE).sum(axis=1)
        links[left] = _draw_links(streams, lanes[left], forms[left], numbers, world)
        right = _in_split(split, groups[left], links[left], world)
        left = np.concatenate((again, left[~right]))
    return groups, links


def _draw_groups(streams: Streams, lanes: Ints, forms: Ints, world: World) -> Ints:
    """(n, G) a number of groups for each form, and the groups."""
    most = max(2, world.max_groups)
    numbers = np.where(forms == ONE, 1, 2)
    for number in range(2, world.max_groups):
        asked = np.flatnonzero(numbers == number)
        numbers[asked] += streams.doubles(lanes[asked]) < world.more_groups
    groups = np.full((len(lanes), most), NONE)
    for k in range(most):
        asked = np.flatnonzero(numbers > k)
        groups[asked, k] = streams.integers(lanes[asked], np.full(len(asked), len(tables(world).groups)))
    return groups


def _of_different_kinds(groups: Ints, table: Tables) -> Bools:
    """(n,) whether no two groups have the same colour and shape."""
    kinds = table.colour[groups] * len(table.shapes) + table.shape[groups]
    right = np.ones(len(groups), bool)
    for first, second in combinations(range(groups.shape[1]), 2):
        right &= (kinds[:, first] != kinds[:, second]) | (groups[:, second] == NONE)
    return right


def _draw_links(streams: Streams, lanes: Ints, forms: Ints, numbers: Ints, world: World) -> Ints:
    """(n, G - 1) what stands between groups; where some are in relation, which of the links are is uniform."""
    links = np.full((len(lanes), max(2, world.max_groups) - 1), NONE)
    related = np.flatnonzero(forms == RELATION)
    which = np.ones(len(lanes), np.int64)
    several = related[numbers[related] > 2]
    which[several] = 1 + streams.integers(lanes[several], 2 ** (numbers[several] - 1) - 1)
    for k in range(links.shape[1]):
        asked = related[(numbers[related] > k + 1) & (which[related] >> k & 1 == 1)]
        links[asked, k] = streams.integers(lanes[asked], np.full(len(asked), len(world.relations)))
    return links


def _in_split(split: str, groups: Ints, links: Ints, world: World) -> Bools:
    """(n,) whether the split contains each meaning, as ``membership.split_contains`` says of one."""
    table, names = tables(world), world.splits.names
    right = np.ones(len(groups), bool)
    present = groups != NONE
    for name, novel in (("novel_pair", table.novel_pair), ("novel_count", table.novel_count)):
        if name in names:
            right &= (novel[groups] & present).any(axis=1) == (name == split)
    if "novel_relation" in names:
        shapes = table.shape[groups]
        found = np.zeros(len(groups), bool)
        for k in range(links.shape[1]):
            found |= table.novel_relation[shapes[:, k], links[:, k], shapes[:, k + 1]] & (links[:, k] != NONE)
        right &= found == (split == "novel_relation")
    if {"novel_groups", "heldout"} & set(names):
        left = np.flatnonzero(right)
        fractions = _fractions(groups[left], links[left], table)
        many = np.isin(present[left].sum(axis=1), world.splits.novel_groups)
        novel = many & (fractions < 1 - world.splits.group_exceptions)
        held = fractions < world.splits.heldout
        right[left] = (novel == (split == "novel_groups")) & (held == (split == "heldout"))
    return right


def _fractions(groups: Ints, links: Ints, table: Tables) -> NDArray[np.float64]:
    """(n,) the numbers in [0, 1) by which contents are held out; see ``content.Content.fraction``."""
    rows, most = np.arange(len(groups)), groups.shape[1]
    order = np.argsort(np.where(groups == NONE, len(table.groups), table.order[groups]), axis=1, kind="stable")
    place = np.argsort(order, axis=1, kind="stable")
    lines = [*(f"{line}\n" for line in table.lines), ""]
    columns = [[lines[i] for i in groups[rows, order[:, k]].tolist()] for k in range(most)]
    columns += [[_relation(code, most) for code in row] for row in _relations(links, place, table).T.tolist()]
    digests = b"".join(sha256("".join(parts)[:-1].encode()).digest()[:8] for parts in zip(*columns, strict=True))
    return np.frombuffer(digests, ">u8").astype(np.float64) / 2.0**64


def _relations(links: Ints, place: Ints, table: Tables) -> Ints:
    """(n, G - 1) the relations, said from the upper or left group, as numbers in the order of a content."""
    most = place.shape[1]
    backward = np.array([link in ("below", "right of") for link in table.relations] or [False])[links]
    sideways = np.array([link in ("left of", "right of") for link in table.relations] or [False])[links]
    first, second = place[:, :-1], place[:, 1:]
    first, second = np.where(backward, second, first), np.where(backward, first, second)
    return np.sort(np.where(links == NONE, NONE, (first * 2 + sideways) * most + second), axis=1)


def _relation(code: int, most: int) -> str:
    """A relation of :func:`_relations` as a line of a content's text; of ``NONE`` no line."""
    if code == NONE:
        return ""
    first, word, second = code // most // 2, ("above", "left of")[code // most % 2], code % most
    return f"{first} {word} {second}\n"
