"""Random meanings and scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TypeVar

import numpy as np

from cvae_lightning.world.placement import Body, place_things
from cvae_lightning.world.scene import (
    COLOURS,
    MAX_COUNTS,
    RELATIONS,
    SHAPES,
    SIZES,
    Group,
    Meaning,
    Scene,
    Thing,
    same_kind,
)
from cvae_lightning.world.splits import SPLITS, check_split, split_contains

_T = TypeVar("_T")

# A radius is the nominal one times a number drawn uniformly from this range.
RADIUS_RANGE = (0.93, 1.07)


@dataclass(frozen=True, slots=True)
class Mix:
    """How often each form of meaning is drawn; the three are scaled to sum to 1.

    Attributes:
        one: one group.
        joined: two groups without a relation.
        relation: two groups in relation.

    Raises:
        ValueError: a share is negative or not finite, or all are 0.

    >>> Mix(one=3, joined=0, relation=1)
    Mix(one=0.75, joined=0.0, relation=0.25)
    """

    one: float = 0.3
    joined: float = 0.2
    relation: float = 0.5

    def __post_init__(self) -> None:
        shares = {"one": self.one, "joined": self.joined, "relation": self.relation}
        for form, share in shares.items():
            if not (isfinite(share) and share >= 0):
                raise ValueError(f"mix of {form!r} is {share}: expected a finite number, 0 or more")
        total = sum(shares.values())
        if total == 0:
            raise ValueError("mix is 0 for every form: expected one of them to be more")
        for form, share in shares.items():
            object.__setattr__(self, form, share / total)


# Every group with a size and a colour; all are equally likely.
_GROUPS = tuple(
    Group(count, size, colour, shape)
    for size in SIZES
    for count in range(1, MAX_COUNTS[size] + 1)
    for colour in COLOURS
    for shape in SHAPES
)


def sample_meaning(rng: np.random.Generator, split: str = "train", mix: Mix | None = None) -> Meaning:
    """A meaning of the split: its form by the mix, then uniform among the split's meanings of that form.

    Raises:
        ValueError: there is no such split, or the mix has no form that the split contains.

    >>> from cvae_lightning.world import describe
    >>> describe(sample_meaning(scene_rng(0, "train", 3)))
    '2 medium yellow circles'
    """
    return _draw_meaning(_draw_form(rng, split, mix or Mix()), rng, split)


def complete_meaning(meaning: Meaning, rng: np.random.Generator) -> Meaning:
    """The meaning with every size and colour that it does not specify drawn at random.

    Sizes are drawn among those that allow the group's count; two groups stay of different kinds.

    >>> complete_meaning(Meaning((Group(5, None, "red", "star"),)), np.random.default_rng(0)).groups[0].size
    'small'
    """
    drawn = zip(meaning.groups, _draw_kinds(meaning, rng), strict=True)
    return Meaning(tuple(Group(g.count, size, colour, g.shape) for g, (size, colour) in drawn), meaning.relation)


def sample_scene(meaning: Meaning, rng: np.random.Generator) -> Scene | None:
    """A scene of which the meaning holds, or None where no attempt could place its things.

    A size or colour that a group does not specify is drawn once, so that all its things share it.

    >>> meaning = Meaning((Group(2, "small", "red", "star"),))
    >>> scene = sample_scene(meaning, np.random.default_rng(0))
    >>> len(scene.things), meaning.holds(scene)
    (2, True)
    """
    drawn = _draw_kinds(meaning, rng)
    sides = [
        [Body(group.shape, SIZES[size] * spread) for spread in rng.uniform(*RADIUS_RANGE, group.count).tolist()]
        for group, (size, _) in zip(meaning.groups, drawn, strict=True)
    ]
    centres = place_things(sides, meaning.relation, rng)
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


def sample(rng: np.random.Generator, split: str = "train", mix: Mix | None = None) -> tuple[Meaning, Scene]:
    """A meaning of the split and a scene of it; a meaning that cannot be placed is drawn again.

    When a meaning is drawn again its form stays, so the shares of the mix are those of the result.

    Raises:
        ValueError: there is no such split, or the mix has no form that the split contains.

    >>> meaning, scene = sample(scene_rng(0, "test", 7), split="test")
    >>> meaning.holds(scene)
    True
    """
    form = _draw_form(rng, split, mix or Mix())
    while True:
        meaning = _draw_meaning(form, rng, split)
        scene = sample_scene(meaning, rng)
        if scene is not None:
            return meaning, scene


def scene_rng(seed: int, split: str, index: int) -> np.random.Generator:
    """The random generator of one scene: a pure function of seed, split and index.

    Raises:
        ValueError: there is no such split, or seed or index is negative.

    >>> scene_rng(0, "train", 3).random() == scene_rng(0, "train", 3).random()
    True
    """
    check_split(split)
    if seed < 0 or index < 0:
        raise ValueError(f"seed is {seed} and index is {index}: expected 0 or more")
    key = (SPLITS.index(split), index)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _draw_form(rng: np.random.Generator, split: str, mix: Mix) -> str:
    check_split(split)
    if split == "novel_relation":
        if mix.relation == 0:
            raise ValueError("mix of 'relation' is 0: expected more, as 'novel_relation' has no other form")
        return "relation"
    u = rng.random()
    if u < mix.one:
        return "one"
    return "joined" if u < mix.one + mix.joined else "relation"


def _draw_meaning(form: str, rng: np.random.Generator, split: str) -> Meaning:
    while True:
        groups = tuple(_draw(_GROUPS, rng) for _ in range(1 if form == "one" else 2))
        if len(groups) == 2 and same_kind(*groups):
            continue
        meaning = Meaning(groups, _draw(RELATIONS, rng) if form == "relation" else None)
        if split_contains(split, meaning):
            return meaning


def _draw_kinds(meaning: Meaning, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Each group's size and colour: as specified, else drawn so that two groups stay of different kinds."""
    while True:
        kinds = [
            (group.size or _draw_size(group.count, rng), group.colour or _draw(tuple(COLOURS), rng))
            for group in meaning.groups
        ]
        distinct = {(group.shape, colour) for group, (_, colour) in zip(meaning.groups, kinds, strict=True)}
        if len(distinct) == len(kinds):
            return kinds


def _draw_size(count: int, rng: np.random.Generator) -> str:
    return _draw([size for size, largest in MAX_COUNTS.items() if count <= largest], rng)


def _draw(options: Sequence[_T], rng: np.random.Generator) -> _T:
    return options[int(rng.integers(len(options)))]
