"""Which meanings each split of a world contains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from cvae_lightning.spelling import check_known
from cvae_lightning.world.content import content
from cvae_lightning.world.named import DEFAULT
from cvae_lightning.world.scene import OPPOSITES, Meaning
from cvae_lightning.world.world import World

Accepts = Callable[[Meaning], bool]


def check_split(split: str, *, world: World = DEFAULT) -> None:
    """Refuse what is not the name of a split.

    Raises:
        ValueError: there is no such split; the message names the nearest one.

    >>> check_split("novel_pairs")
    Traceback (most recent call last):
    ValueError: split is 'novel_pairs': expected train, ...; did you mean 'novel_pair'?
    """
    check_known("split", split, world.splits.names)


def split_contains(split: str, meaning: Meaning, *, world: World = DEFAULT) -> bool:
    """Whether the split may contain the meaning.

    A novel split and ``heldout`` contain what their own predicate accepts and those of the others do not; training,
    validation and test contain what none of them accepts.

    Raises:
        ValueError: there is no such split.

    >>> from cvae_lightning.world import Group
    >>> red_stars = Meaning((Group(2, "small", "red", "star"),))
    >>> [split for split in DEFAULT.splits.names if split_contains(split, red_stars)]
    ['novel_pair']
    """
    check_split(split, world=world)
    return all(accepts(meaning) == (name == split) for name, accepts in _predicates(world).items())


@cache
def _predicates(world: World) -> dict[str, Accepts]:
    """What each split accepts that is not drawn like training."""
    splits = world.splits
    pairs, counts, relations = novel_pairs(world), frozenset(splits.novel_count), novel_relations(world)

    def novel_pair(meaning: Meaning) -> bool:
        return any((group.colour, group.shape) in pairs for group in meaning.groups)

    def novel_count(meaning: Meaning) -> bool:
        return any((group.count, group.shape) in counts for group in meaning.groups)

    def novel_relation(meaning: Meaning) -> bool:
        groups = meaning.groups
        return any(
            (groups[i].shape, link, groups[i + 1].shape) in relations for i, link in enumerate(meaning.links) if link
        )

    def novel_groups(meaning: Meaning) -> bool:
        # Held-out contents are at the other end of the fractions.
        many = len(meaning.groups) in splits.novel_groups
        return many and content(meaning).fraction() < 1 - splits.group_exceptions

    def heldout(meaning: Meaning) -> bool:
        return content(meaning).fraction() < splits.heldout

    known: dict[str, Accepts] = {
        "novel_pair": novel_pair,
        "novel_count": novel_count,
        "novel_relation": novel_relation,
        "novel_groups": novel_groups,
        "heldout": heldout,
    }
    return {name: known[name] for name in splits.names if name in known}


def novel_pairs(world: World) -> frozenset[tuple[str, str]]:
    """The pairs of colour and shape that are novel, listed or on the novel diagonals of their grid."""
    return frozenset([*world.splits.novel_pair, *_diagonals(world)])


def novel_relations(world: World) -> frozenset[tuple[str, str, str]]:
    """The relations that are novel, with the same said the other way round where the splits say so."""
    listed = world.splits.novel_relation
    turned = [(second, OPPOSITES[relation], first) for first, relation, second in listed]
    return frozenset([*listed, *(turned if world.splits.both_wordings else [])])


def _diagonals(world: World) -> Iterator[tuple[str, str]]:
    """The pairs of colour and shape on the novel diagonals of their grid."""
    shapes = list(world.shapes)
    for i, colour in enumerate(world.colours):
        yield from ((colour, shapes[(i + d) % len(shapes)]) for d in range(world.splits.diagonals))
