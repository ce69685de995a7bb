"""Random meanings and scenes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.checks import check_meaning
from cvae_lightning.world.membership import check_split, split_contains
from cvae_lightning.world.mix import Mix
from cvae_lightning.world.named import DEFAULT
from cvae_lightning.world.placement import Body, place_things, reaches
from cvae_lightning.world.scene import Group, Meaning, Scene, Thing, same_kind
from cvae_lightning.world.splits import NUMBERS
from cvae_lightning.world.world import World

_T = TypeVar("_T")
Uniform = TypeVar("Uniform", float, NDArray[np.float64])


def sample_meaning(
    rng: np.random.Generator, split: str = "train", mix: Mix | None = None, *, world: World = DEFAULT
) -> Meaning:
    """A meaning of the split: its form by the mix, then uniform among the split's meanings of that form.

    Raises:
        ValueError: there is no such split, or the mix has no form that the split contains.

    >>> from cvae_lightning.world import describe
    >>> describe(sample_meaning(scene_rng(0, "train", 3)))
    '2 medium yellow circles'
    """
    return _draw_meaning(_draw_form(rng, split, mix or world.mix, world), rng, split, world)


def complete_meaning(meaning: Meaning, rng: np.random.Generator, *, world: World = DEFAULT) -> Meaning:
    """The meaning with every size and colour that it does not specify drawn at random.

    Sizes are drawn among those that allow the group's count; two groups stay of different kinds.

    Raises:
        ValueError: the world has no such meaning.

    >>> complete_meaning(Meaning((Group(5, None, "red", "star"),)), np.random.default_rng(0)).groups[0].size
    'small'
    """
    check_meaning(meaning, world=world)
    drawn = zip(meaning.groups, _draw_kinds(meaning, rng, world), strict=True)
    return Meaning(tuple(Group(g.count, size, colour, g.shape) for g, (size, colour) in drawn), meaning.links)


def sample_scene(meaning: Meaning, rng: np.random.Generator, *, world: World = DEFAULT) -> Scene | None:
    """A scene of which the meaning holds, or None where no attempt could place its things.

    A size or colour that a group does not specify is drawn once, so that all its things share it.

    Raises:
        ValueError: the world has no such meaning.

    >>> meaning = Meaning((Group(2, "small", "red", "star"),))
    >>> scene = sample_scene(meaning, np.random.default_rng(0))
    >>> len(scene.things), meaning.holds(scene)
    (2, True)
    """
    check_meaning(meaning, world=world)
    drawn = _draw_kinds(meaning, rng, world)
    sides = [
        [
            Body(world.sizes[size] * spread, *reaches(world)[group.shape])
            for spread in rng.uniform(*world.radius_range, group.count).tolist()
        ]
        for group, (size, _) in zip(meaning.groups, drawn, strict=True)
    ]
    centres = place_things(sides, meaning.links, rng, world.spacing)
    if centres is None:
        return None
    kinds = [
        (group.shape, colour, size, body.r)
        for group, (size, colour), side in zip(meaning.groups, drawn, sides, strict=True)
        for body in side
    ]
    return Scene(
        tuple(
            Thing(shape, colour, size, x, y, r) for (shape, colour, size, r), (x, y) in zip(kinds, centres, strict=True)
        )
    )


def sample(
    rng: np.random.Generator, split: str = "train", mix: Mix | None = None, *, world: World = DEFAULT
) -> tuple[Meaning, Scene]:
    """A meaning of the split and a scene of it; a meaning that cannot be placed is drawn again.

    When a meaning is drawn again its form stays, so the shares of the mix are those of the result.

    Raises:
        ValueError: there is no such split, or the mix has no form that the split contains.

    >>> meaning, scene = sample(scene_rng(0, "test", 7), split="test")
    >>> meaning.holds(scene)
    True
    """
    form = _draw_form(rng, split, mix or world.mix, world)
    while True:
        meaning = _draw_meaning(form, rng, split, world)
        scene = sample_scene(meaning, rng, world=world)
        if scene is not None:
            return meaning, scene


def scene_rng(seed: int, split: str, index: int, *, world: World = DEFAULT) -> np.random.Generator:
    """The random generator of one scene: a pure function of seed, split and index.

    Raises:
        ValueError: the world has no such split, or seed or index is negative.

    >>> scene_rng(0, "train", 3).random() == scene_rng(0, "train", 3).random()
    True
    """
    check_split(split, world=world)
    if seed < 0 or index < 0:
        raise ValueError(f"seed is {seed} and index is {index}: expected 0 or more")
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(NUMBERS[split], index)))


@cache
def groups_of(world: World) -> tuple[Group, ...]:
    """Every group with a size and a colour; all are equally likely."""
    return tuple(
        Group(count, size, colour, shape)
        for size in world.sizes
        for count in range(1, world.max_counts[size] + 1)
        for colour in world.colours
        for shape in world.shapes
    )


def _draw_form(rng: np.random.Generator, split: str, mix: Mix, world: World) -> str:
    check_split(split, world=world)
    if split == "novel_relation":
        check_relations(mix)
        return "relation"
    u = rng.random()
    if split == "novel_groups":
        u = several_groups(mix, u)
    if u < mix.one:
        return "one"
    return "joined" if u < mix.one + mix.joined else "relation"


def check_relations(mix: Mix) -> None:
    """Refuse a mix that has no scene of ``novel_relation``.

    Raises:
        ValueError: its share of relations is 0.
    """
    if mix.relation == 0:
        raise ValueError("mix of 'relation' is 0: expected more, as 'novel_relation' has no other form")


def several_groups(mix: Mix, u: Uniform) -> Uniform:
    """Uniform numbers for a form that is not one group alone.

    Raises:
        ValueError: the mix has no other form.
    """
    if mix.joined + mix.relation == 0:
        raise ValueError("mix of 'joined' and 'relation' is 0: expected more, as 'novel_groups' has several groups")
    return mix.one + (1 - mix.one) * u


def _draw_meaning(form: str, rng: np.random.Generator, split: str, world: World) -> Meaning:
    while True:
        groups = tuple(_draw(groups_of(world), rng) for _ in range(_draw_number(form, rng, world)))
        if any(same_kind(*pair) for pair in combinations(groups, 2)):
            continue
        meaning = Meaning(groups, _draw_links(form, len(groups) - 1, rng, world))
        if split_contains(split, meaning, world=world):
            return meaning


def _draw_number(form: str, rng: np.random.Generator, world: World) -> int:
    """How many groups a meaning of this form has."""
    number = 1 if form == "one" else 2
    while 2 <= number < world.max_groups and rng.random() < world.more_groups:
        number += 1
    return number


def _draw_links(form: str, number: int, rng: np.random.Generator, world: World) -> tuple[str | None, ...]:
    """What stands between groups; where some are in relation, which of the links are relations is uniform."""
    if form != "relation":
        return (None,) * number
    which = 1 if number == 1 else int(rng.integers(1, 2**number))
    return tuple(_draw(world.relations, rng) if which >> i & 1 else None for i in range(number))


def _draw_kinds(meaning: Meaning, rng: np.random.Generator, world: World) -> list[tuple[str, str]]:
    """Each group's size and colour: as specified, else drawn so that two groups stay of different kinds."""
    while True:
        kinds = [
            (group.size or _draw_size(group.count, rng, world), group.colour or _draw(tuple(world.colours), rng))
            for group in meaning.groups
        ]
        distinct = {(group.shape, colour) for group, (_, colour) in zip(meaning.groups, kinds, strict=True)}
        if len(distinct) == len(kinds):
            return kinds


def _draw_size(count: int, rng: np.random.Generator, world: World) -> str:
    return _draw([size for size, most in world.max_counts.items() if count <= most], rng)


def _draw(options: Sequence[_T], rng: np.random.Generator) -> _T:
    return options[int(rng.integers(len(options)))]
