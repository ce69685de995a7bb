"""Meaning to caption and back: the words, how they are chosen, and how a caption is parsed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain, takewhile
from typing import TypeVar

import numpy as np

from cvae_lightning.world.scene import COLOURS, SHAPES, Group, Meaning, max_count
from cvae_lightning.world.spelling import listed, nearest

# How often `describe` uses the canonical word, the first of its row, where it has a choice.
CANONICAL = 0.8

COUNT_WORDS: dict[int, tuple[str, ...]] = {
    1: ("a", "1", "one"),
    2: ("2", "two"),
    3: ("3", "three"),
    4: ("4", "four"),
    5: ("5", "five"),
}
SIZE_WORDS: dict[str, tuple[str, ...]] = {
    "small": ("small", "tiny", "little"),
    "medium": ("medium",),
    "large": ("large", "big", "huge"),
}
# Words between two groups; None joins them without a relation.
LINK_WORDS: dict[str | None, tuple[str, ...]] = {
    None: ("and", "with"),
    "above": ("above", "over"),
    "below": ("below", "under", "beneath"),
    "left of": ("to the left of", "left of"),
    "right of": ("to the right of", "right of"),
}
PLURALS: dict[str, str] = {shape: shape + ("es" if shape == "cross" else "s") for shape in SHAPES}

_COUNTS = {word: count for count, words in COUNT_WORDS.items() for word in words} | {"an": 1}
_SIZES = {word: size for size, words in SIZE_WORDS.items() for word in words}
_COLOURS = {word: word for word in COLOURS}
_LINKS = {tuple(words.split()): link for link, row in LINK_WORDS.items() for words in row}
_SINGULARS = {plural: shape for shape, plural in PLURALS.items()}

VOCABULARY: tuple[str, ...] = tuple(
    sorted({*_COUNTS, *_SIZES, *COLOURS, *SHAPES, *_SINGULARS, *chain.from_iterable(_LINKS)})
)

# Numbers outside the language are recognised, so that 99 is answered as a wrong count and not as an unknown word.
_NUMBER = re.compile(r"[-+]?\d+")

_T = TypeVar("_T")


class CaptionError(ValueError):
    """A caption that cannot be parsed; the message says where, and what was expected there.

    >>> parse("a red sqare")
    Traceback (most recent call last):
    cvae_lightning.world.captions.CaptionError: cannot read 'a red sqare': word 3 is 'sqare', ...
    """


def describe(meaning: Meaning, rng: np.random.Generator | None = None) -> str:
    """A caption of the meaning.

    Args:
        meaning: what the caption says.
        rng: draws each word: the canonical one with probability ``CANONICAL``, otherwise one of its synonyms,
            all equally likely; None always gives the canonical words.

    >>> describe(Meaning((Group(3, "small", "red", "circle"),)))
    '3 small red circles'
    """
    groups = [_describe_group(group, rng) for group in meaning.groups]
    if len(groups) == 1:
        return groups[0]
    return f" {_choose(LINK_WORDS[meaning.relation], rng)} ".join(groups)


def parse(caption: str) -> Meaning:
    """The meaning of a caption.

    Capitals, a final full stop and extra spaces do not matter, and ``a`` and ``an`` mean the same.

    Raises:
        CaptionError: a word outside the language, or known words that do not form a caption.

    >>> parse("Two tiny red crosses.")
    Meaning(groups=(Group(count=2, size='small', colour='red', shape='cross'),), relation=None)
    """
    words = caption.strip().lower().removesuffix(".").split()
    return _Reader(caption, words).meaning()


def _describe_group(group: Group, rng: np.random.Generator | None) -> str:
    count = _choose(COUNT_WORDS[group.count], rng)
    size = [] if group.size is None else [_choose(SIZE_WORDS[group.size], rng)]
    colour = [] if group.colour is None else [group.colour]
    noun = group.shape if group.count == 1 else PLURALS[group.shape]
    rest = " ".join([*size, *colour, noun])
    return f"{'an' if count == 'a' and rest[0] in 'aeiou' else count} {rest}"


def _choose(words: Sequence[str], rng: np.random.Generator | None) -> str:
    if rng is None or len(words) == 1 or rng.random() < CANONICAL:
        return words[0]
    return words[1 + int(rng.integers(len(words) - 1))]


class _Reader:
    """Parses a caption from left to right; ``at`` is the index of the next word."""

    def __init__(self, caption: str, words: list[str]) -> None:
        self.caption, self.words, self.at = caption, words, 0

    def meaning(self) -> Meaning:
        if not self.words:
            example = "expected a group of things, such as 'a large blue square' or '3 red circles'"
            raise CaptionError(f"the caption is empty: {example}")
        self._check_words()
        first = self._group()
        if self._done():
            return Meaning((first,))
        link = self._link()
        start = self.at + 1
        second = self._group()
        if not self._done():
            raise self._expected("the end of the caption")
        try:
            return Meaning((first, second), link)
        except ValueError as error:
            raise self._error(f"at word {start} begins a second group, but {error}") from error

    def _group(self) -> Group:
        start = self.at + 1
        count = self._take(_COUNTS, f"a count from 1 to {max(COUNT_WORDS)}, or 'a',")
        size = self._maybe(_SIZES)
        colour = self._maybe(_COLOURS)
        possible = [] if colour else [f"a colour ({listed(COLOURS)})"]
        possible = [*([] if size or colour else [f"a size ({listed(_SIZES)})"]), *possible]
        shape = self._noun(count, possible)
        if count > max_count(size):
            raise self._error(
                f"word {start} asks for {count} {size} {PLURALS[shape]} where at most {max_count(size)} were "
                f"expected, since no group has more {size} things"
            )
        return Group(count, size, colour, shape)

    def _noun(self, count: int, others: list[str]) -> str:
        nouns = {shape: shape for shape in SHAPES} if count == 1 else _SINGULARS
        word = self._word()
        shape = _SINGULARS.get(word, word)
        if word not in nouns and shape in SHAPES:
            right = f"{shape!r} (there is 1)" if count == 1 else f"{PLURALS[shape]!r} (there are {count})"
            raise self._expected(right)
        return self._take(nouns, listed([*others, f"a shape ({listed(nouns)})"]))

    def _link(self) -> str | None:
        rest = self.words[self.at :]
        begun = max(_shared(words, rest) for words in _LINKS)
        for words, link in _LINKS.items():
            if _shared(words, rest) == len(words):
                self.at += len(words)
                return link
        phrases = [" ".join(words) for words in _LINKS if _shared(words, rest) == begun]
        self.at += begun
        raise self._expected(listed(map(repr, phrases)) if begun else f"the end, or {listed(phrases)}")

    def _check_words(self) -> None:
        for number, word in enumerate(self.words, start=1):
            if word in VOCABULARY or _NUMBER.fullmatch(word):
                continue
            near = nearest(word, VOCABULARY, at_most=3)
            hint = (
                f"the nearest known {'words are' if near[1:] else 'word is'} {listed(map(repr, near), 'and')}"
                if near
                else f"the colours are {listed(COLOURS, 'and')}, the shapes {listed(SHAPES, 'and')}"
            )
            raise self._error(f"word {number} is {word!r}, which is outside the language; {hint}")

    def _take(self, known: Mapping[str, _T], expected: str) -> _T:
        if self._word() not in known:
            raise self._expected(expected)
        self.at += 1
        return known[self.words[self.at - 1]]

    def _maybe(self, known: Mapping[str, _T]) -> _T | None:
        """The next word's value where it is known, and moves past that word; else None."""
        value = known.get(self._word())
        self.at += value is not None
        return value

    def _done(self) -> bool:
        return self.at == len(self.words)

    def _word(self) -> str:
        """The next word, or an empty one at the end."""
        return "" if self._done() else self.words[self.at]

    def _expected(self, what: str) -> CaptionError:
        if self._done():
            return self._error(f"it ends after word {self.at} where {what} was expected")
        return self._error(f"word {self.at + 1} is {self._word()!r} where {what} was expected")

    def _error(self, why: str) -> CaptionError:
        return CaptionError(f"cannot read {self.caption!r}: {why}")


def _shared(first: Sequence[str], second: Sequence[str]) -> int:
    """How many words are the same at the start of both phrases."""
    pairs = zip(first, second, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
