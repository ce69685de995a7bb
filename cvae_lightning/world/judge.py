"""Whether an image shows what its caption says: detections + meaning -> verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.spelling import listed
from cvae_lightning.world.captions import describe, describe_group
from cvae_lightning.world.checks import check_meaning
from cvae_lightning.world.named import DEFAULT
from cvae_lightning.world.scene import UNCLEAR, Group, Meaning
from cvae_lightning.world.vision.detector import Detection, detect
from cvae_lightning.world.world import World

# What a verdict answers, in the order of reports.
ATOMS = ("count", "colour", "shape", "size", "relation", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Which parts of a meaning an image shows, called atoms; ``all`` implies the others.

    Where a group does not specify its size or colour, any is right, except one that is unclear.

    Attributes:
        count: the number of things is the meaning's.
        colour, shape, size: the multiset of colours, shapes or sizes is the meaning's.
        relation: it holds between the things of the two groups' colour and shape, of which each group has
            at least one; None for a meaning without a relation.
        all: the things are exactly the meaning's, and the relation holds.
        reason: a sentence that says what was detected, and what was expected where that is something else.

    >>> from cvae_lightning.world import parse
    >>> verdict([], parse("a red circle")).atoms()
    {'count': False, 'colour': False, 'shape': False, 'size': False, 'relation': None, 'all': False}
    """

    count: bool
    colour: bool
    shape: bool
    size: bool
    relation: bool | None
    all: bool
    reason: str

    def atoms(self) -> dict[str, bool | None]:
        """Each of ``ATOMS`` with whether it is right; None for the relation of a meaning without one."""
        return {atom: getattr(self, atom) for atom in ATOMS}


def judge(images: NDArray[np.uint8], meanings: Sequence[Meaning], *, world: World = DEFAULT) -> list[Verdict]:
    """The verdict on each image and its meaning, from the pixels alone.

    Args:
        images: (N, S, S, 3) uint8 RGB with S from 32 to 512.
        meanings: N meanings.
        world: of the meanings, and of which the images are judged.

    Returns:
        N verdicts.

    Raises:
        ValueError: the images have another type, shape or size, there is not one meaning for each, or the world
            has no such meaning.

    >>> from cvae_lightning.world import Scene, Thing, parse, render
    >>> images = render([Scene((Thing("circle", "red", "small", x=0.25, y=0.5, r=0.08),))], size=64)
    >>> judge(images, [parse("a small red circle")])[0].all
    True
    >>> judge(images, [parse("a blue circle")])[0].reason
    'saw a small red circle, expected a blue circle'
    """
    if len(images) != len(meanings):
        raise ValueError(f"there are {len(images)} images and {len(meanings)} meanings: expected one meaning per image")
    found = zip(detect(images, world=world), meanings, strict=True)
    return [verdict(things, meaning, world=world) for things, meaning in found]


def verdict(things: Sequence[Detection], meaning: Meaning, *, world: World = DEFAULT) -> Verdict:
    """The verdict on the things that were detected in one image.

    Raises:
        ValueError: the world has no such meaning.

    >>> from cvae_lightning.world import Detection, parse
    >>> circle = Detection("circle", "red", "small", x=0.25, y=0.5, r=0.08, confidence=0.9)
    >>> verdict([circle], parse("2 red circles")).count
    False
    """
    check_meaning(meaning, world=world)
    groups = meaning.groups
    count = len(things) == sum(group.count for group in groups)
    colour = _agree([t.colour for t in things], [(g.colour, g.count) for g in groups])
    shape = _agree([t.shape for t in things], [(g.shape, g.count) for g in groups])
    size = _agree([t.size for t in things], [(g.size, g.count) for g in groups])
    named = meaning.named(things)
    relation = meaning.relations_hold(named) if any(meaning.links) else None
    # Things of another colour or shape would break the count.
    exact = count and all(group.holds(members) for group, members in zip(groups, named, strict=True))
    everything = exact and relation is not False
    return Verdict(
        count=count,
        colour=colour,
        shape=shape,
        size=size,
        relation=relation,
        all=everything,
        reason=_reason(things, meaning, exact, everything, world),
    )


def _agree(words: Iterable[str], wanted: Iterable[tuple[str | None, int]]) -> bool:
    """Whether the words are the wanted ones, with these counts; any clear words will do for None."""
    rest, unspecified = Counter(words), 0
    for word, count in wanted:
        if word is None:
            unspecified += count
        else:
            rest[word] -= count
    return min(rest.values(), default=0) >= 0 and rest[UNCLEAR] == 0 and rest.total() == unspecified


def _reason(things: Sequence[Detection], meaning: Meaning, exact: bool, everything: bool, world: World) -> str:
    expected = _expected(meaning, world)
    if everything:
        return f"saw {expected}, as expected"
    found = _in_words(things, world)
    return f"saw {found}, but not {expected}" if exact else f"saw {found}, expected {expected}"


@lru_cache(maxsize=4096)
def _expected(meaning: Meaning, world: World) -> str:
    """The meaning in canonical words; an evaluation asks for each of them several times."""
    return describe(meaning, world=world)


def _in_words(things: Sequence[Detection], world: World) -> str:
    """What was detected: ``2 small red circles, a large blue thing of unclear shape and something at (0.31, 0.85)``."""
    nothing_clear = (UNCLEAR, UNCLEAR, UNCLEAR)
    kinds = Counter((thing.size, thing.colour, thing.shape) for thing in things)
    places = []
    if world.strict:  # version 1 names no places
        places = [thing for thing in things if (thing.size, thing.colour, thing.shape) == nothing_clear]
        kinds.pop(nothing_clear, None)
    phrases = [_kind(count, *kind, world) for kind, count in kinds.most_common()]
    phrases += [f"something at ({thing.x:.2f}, {thing.y:.2f})" for thing in places]
    return listed(phrases, "and") if phrases else "nothing"


def _kind(count: int, size: str, colour: str, shape: str, world: World) -> str:
    """Things of one kind: in the world's words, or in English where something is unclear."""
    missing = [what for what, word in (("size", size), ("colour", colour), ("shape", shape)) if word == UNCLEAR]
    if not missing:
        return describe_group(Group(count, size, colour, shape), world=world)
    noun = "thing" if shape == UNCLEAR else shape
    plural = noun if count == 1 else noun + ("es" if noun.endswith("s") else "s")
    words = " ".join([*(word for word in (size, colour) if word != UNCLEAR), plural])
    article = "an" if words[0] in "aeiou" else "a"
    return f"{article if count == 1 else count} {words} of unclear {listed(missing, 'and')}"
