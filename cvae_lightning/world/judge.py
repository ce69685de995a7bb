"""Whether an image says what its caption says: things seen + meaning -> verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.world.captions import COUNT_WORDS, PLURALS, describe
from cvae_lightning.world.scene import Group, Meaning, related
from cvae_lightning.world.spelling import listed
from cvae_lightning.world.vision.detector import UNCLEAR, Detection, detect

ATOMS = ("count", "colour", "shape", "size", "relation", "all")
"""What a verdict answers, in the order of reports."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an image has of a meaning; `all` implies every other atom.

    A group that leaves its size or colour unsaid is content with any, but not with one that is unclear.

    Attributes:
        count: the number of things is the meaning's.
        colour, shape, size: the multiset of colours, shapes or sizes is the meaning's.
        relation: it holds between the things of the two groups' colour and shape, of which each group has
            at least one; None for a meaning without one.
        all: the things are exactly the meaning's, and the relation holds.
        reason: a sentence on what was seen, and on what was expected where that is something else.
    """

    count: bool
    colour: bool
    shape: bool
    size: bool
    relation: bool | None
    all: bool
    reason: str

    def atoms(self) -> dict[str, bool | None]:
        """What was checked, by name in the order of ``ATOMS``; None where the meaning has no such atom."""
        return {name: getattr(self, name) for name in ATOMS}


def judge(images: NDArray[np.uint8], meanings: Sequence[Meaning]) -> list[Verdict]:
    """The verdict on each image and its meaning.

    Args:
        images: (N, S, S, 3) RGB with S from 32 to 512.
        meanings: N meanings.

    Raises:
        ValueError: the images have another type, shape or size, or the meanings are not as many.
    """
    if len(images) != len(meanings):
        raise ValueError(f"there are {len(images)} images and {len(meanings)} meanings: expected as many")
    return [verdict(things, meaning) for things, meaning in zip(detect(images), meanings, strict=True)]


def verdict(things: Sequence[Detection], meaning: Meaning) -> Verdict:
    """The verdict on things seen in an image."""
    groups = meaning.groups
    count = len(things) == sum(group.count for group in groups)
    colour = _agree([t.colour for t in things], [(g.colour, g.count) for g in groups])
    shape = _agree([t.shape for t in things], [(g.shape, g.count) for g in groups])
    size = _agree([t.size for t in things], [(g.size, g.count) for g in groups])
    named = [[thing for thing in things if _names(group, thing)] for group in groups]
    relation = None if meaning.relation is None else all(named) and related(meaning.relation, *named)
    # Things of another colour or shape would break the count.
    exact = count and all(_fits(group, some) for group, some in zip(groups, named, strict=True))
    everything = exact and relation is not False
    reason = _reason(things, meaning, exact, everything)
    return Verdict(count, colour, shape, size, relation, everything, reason)


def _agree(words: Iterable[str], said: Iterable[tuple[str | None, int]]) -> bool:
    """Whether the words are those that are said, so many of each, and any clear ones for None."""
    rest, unsaid = Counter(words), 0
    for word, count in said:
        if word is None:
            unsaid += count
        else:
            rest[word] -= count
    return min(rest.values(), default=0) >= 0 and rest[UNCLEAR] == 0 and rest.total() == unsaid


def _names(group: Group, thing: Detection) -> bool:
    """Whether the thing has the group's shape and colour; where that is left unsaid, any clear one."""
    coloured = thing.colour == group.colour or (group.colour is None and thing.colour != UNCLEAR)
    return coloured and thing.shape == group.shape


def _fits(group: Group, things: Sequence[Detection]) -> bool:
    """Whether these things, all of which the group names, are as many and as large as it says."""
    sizes = {thing.size for thing in things}
    right_size = UNCLEAR not in sizes if group.size is None else sizes == {group.size}
    return right_size and len(things) == group.count


def _reason(things: Sequence[Detection], meaning: Meaning, exact: bool, everything: bool) -> str:
    if everything:
        return f"saw {describe(meaning)}, as expected"
    if exact:
        return f"saw {_named(things)}, but not {describe(meaning)}"
    return f"saw {_named(things)}, expected {describe(meaning)}"


def _named(things: Sequence[Detection]) -> str:
    """What was seen, in words: ``2 small red circles and a large blue thing of unclear shape``."""
    kinds = Counter((thing.size, thing.colour, thing.shape) for thing in things)
    return listed((_kind(count, *kind) for kind, count in kinds.most_common()), "and") if kinds else "nothing"


def _kind(count: int, size: str, colour: str, shape: str) -> str:
    singular, plural = ("thing", "things") if shape == UNCLEAR else (shape, PLURALS[shape])
    noun = singular if count == 1 else plural
    words = " ".join([*(word for word in (size, colour) if word != UNCLEAR), noun])
    article = "an" if words[0] in "aeiou" else "a"
    missing = [what for what, word in (("size", size), ("colour", colour), ("shape", shape)) if word == UNCLEAR]
    number = article if count == 1 else COUNT_WORDS.get(count, (str(count),))[0]
    return f"{number} {words}" + (f" of unclear {listed(missing, 'and')}" if missing else "")
