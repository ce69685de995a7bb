"""Meaning to caption and back: the words, how they are chosen, and how a caption is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import TypeVar

import numpy as np

from cvae_lightning.spelling import listed, nearest
from cvae_lightning.world.checks import check_kinds, check_meaning
from cvae_lightning.world.group_words import ChosenWords, word_rows
from cvae_lightning.world.language import JOINED, Language
from cvae_lightning.world.named import DEFAULT, world_named, world_names
from cvae_lightning.world.scene import Group, Meaning
from cvae_lightning.world.words import read_words, word_tables
from cvae_lightning.world.world import World

# How often `describe` uses the canonical word, the first of its row, where it has a choice.
CANONICAL = 0.8

# Numbers outside the language are recognised, so that 99 is answered as a wrong count and not as an unknown word.
_NUMBER = re.compile(r"[-+]?\d+")

_ORDINALS = {2: "second", 3: "third", 4: "fourth"}

_T = TypeVar("_T")


class CaptionError(ValueError):
    """A caption that cannot be parsed; the message says where, and what was expected there.

    Attributes:
        unfinished: whether the text is right as far as it goes, so that more words can make it a caption.
        why: the message without the caption, for where the caption is in view.

    >>> parse("a red sqare")
    Traceback (most recent call last):
    cvae_lightning.world.captions.CaptionError: cannot read 'a red sqare': word 3 is 'sqare', ...
    """

    def __init__(self, message: str, unfinished: bool = False, why: str = "") -> None:
        super().__init__(message)
        self.unfinished, self.why = unfinished, why or message


def describe(meaning: Meaning, rng: np.random.Generator | None = None, *, world: World = DEFAULT) -> str:
    """A caption of the meaning.

    Args:
        meaning: what the caption says.
        rng: draws each word: the canonical one with probability ``CANONICAL``, otherwise one of its synonyms,
            all equally likely; None always gives the canonical words.
        world: whose words the caption has.

    Raises:
        ValueError: the world has no such meaning.

    >>> describe(Meaning((Group(3, "small", "red", "circle"),)))
    '3 small red circles'
    """
    check_meaning(meaning, world=world)
    language = world.language
    chosen = [_choose_words(group, rng, language) for group in meaning.groups]
    links = [_choose(language.links[link or JOINED], rng) for link in meaning.links]
    first, *others = chosen
    parts = [first.in_form(language, language.first_case)]
    for link, words in zip(links, others, strict=True):
        parts += [link, words.in_form(language, language.cases.get(link, language.first_case))]
    return " ".join(parts)


def describe_group(group: Group, *, world: World = DEFAULT) -> str:
    """A group in canonical words, whatever its count.

    >>> describe_group(Group(7, "small", "red", "circle"))
    '7 small red circles'
    """
    return _choose_words(group, None, world.language).in_form(world.language, world.language.first_case)


def parse(caption: str, *, world: World = DEFAULT) -> Meaning:
    """The meaning of a caption.

    Capitals, a final full stop and extra spaces do not matter, and ``a`` and ``an`` mean the same.

    Raises:
        CaptionError: a word outside the language, or known words that do not form a caption.

    >>> parse("Two tiny red crosses.")
    Meaning(groups=(Group(count=2, size='small', colour='red', shape='cross'),), links=())
    """
    return _Reader(caption, world).meaning()


def _choose_words(group: Group, rng: np.random.Generator | None, language: Language) -> ChosenWords:
    count, size, colour, noun = (_choose(row, rng) if row else None for row in word_rows(group, language))
    return ChosenWords(group.count, str(count), size, colour, str(noun))


def _choose(words: Sequence[str], rng: np.random.Generator | None) -> str:
    if rng is None or len(words) == 1 or rng.random() < CANONICAL:
        return words[0]
    return words[1 + int(rng.integers(len(words) - 1))]


class _Reader:
    """Parses a caption from left to right; ``at`` is the index of the next word."""

    def __init__(self, caption: str, world: World) -> None:
        self.caption, self.words, self.at = caption, read_words(caption.strip().removesuffix(".")), 0
        self.world, self.tables = world, word_tables(world)

    def meaning(self) -> Meaning:
        if not self.words:
            examples = listed(map(repr, self.world.language.examples))
            raise CaptionError(f"the caption is empty: expected a group of things, such as {examples}", unfinished=True)
        self._check_words()
        groups, links = [self._group()], list[str | None]()
        while not self._done():
            if len(groups) == self.world.max_groups:
                raise self._expected("the end of the caption")
            links.append(self._link())
            start = self.at + 1
            groups.append(self._group())
            try:
                check_kinds(groups)
            except ValueError as error:
                raise self._error(f"at word {start} begins a {_ORDINALS[len(groups)]} group, but {error}") from error
        return Meaning(tuple(groups), tuple(links))

    def _group(self) -> Group:
        start, most = self.at + 1, self.world.max_count(None)
        count = self._take(self.tables.counts, f"a count from 1 to {most}, or {self._one()!r},")
        found: dict[str, str | None] = {}
        possible: list[str] = []
        for part in self.world.language.order:
            if part == "shape":
                shape = self._noun(count, possible)
            else:
                found[part] = self._maybe(self.tables.sizes if part == "size" else self.tables.colours)
                possible = [] if found[part] else [*possible, f"a {part} ({listed(self._choices(part))})"]
        size = found["size"]
        most = self.world.max_count(size)
        if count > most:
            raise self._error(
                f"word {start} asks for {count} {size} {self._form(shape, count)} where at most {most} were "
                f"expected, since no group has more {size} things"
            )
        return Group(count, size, found["colour"], shape)

    def _noun(self, count: int, others: list[str]) -> str:
        tables, word = self.tables, self._word()
        nouns = tables.singulars if count == 1 else tables.plurals
        shape = tables.singulars.get(word) or tables.plurals.get(word)
        if word not in nouns and shape:
            there = "there is 1" if count == 1 else f"there are {count}"
            raise self._expected(f"{self._form(shape, count)!r} ({there})")
        known = [self._form(each, count) for each in self.world.shapes]
        return self._take(nouns, listed([*others, f"a shape ({listed(known)})"]))

    def _link(self) -> str | None:
        rest = self.words[self.at :]
        links = self.tables.links
        begun = max(_shared(words, rest) for words in links)
        whole = [words for words in links if words == tuple(rest[: len(words)])]
        if whole:
            longest = max(whole, key=len)
            self.at += len(longest)
            return links[longest]
        phrases = [" ".join(words) for words in links if _shared(words, rest) == begun]
        self.at += begun
        raise self._expected(f"{'' if begun else 'the end, or '}{listed(map(repr, phrases))}")

    def _check_words(self) -> None:
        vocabulary = self.tables.vocabulary
        for number, word in enumerate(self.words, start=1):
            if word in vocabulary or _NUMBER.fullmatch(word):
                continue
            hint = "; ".join([*self._known(number, word), *self._other_world()])
            raise self._error(f"word {number} is {word!r}, which is outside the language; {hint}")

    def _known(self, number: int, word: str) -> Iterator[str]:
        """The words that look like an unknown one, and what there is where none does, or where a count was expected."""
        near = nearest(word, self.tables.vocabulary, at_most=3)
        shapes = [self._form(shape, 1) for shape in self.world.shapes]
        counts = listed([row[0] for row in self.world.language.counts.values()], "and")
        if not near:
            colours = listed(self._choices("colour"), "and")
            yield f"the colours are {colours}, the shapes {listed(shapes, 'and')}, the counts {counts}"
            return
        yield f"the nearest known {'words are' if near[1:] else 'word is'} {listed(map(repr, near), 'and')}"
        if number == 1 or self.words[number - 2] in {words[-1] for words in self.tables.links}:
            yield f"the counts are {counts}"

    def _other_world(self) -> Iterator[str]:
        """The first shipped world that has all words of the caption, if one does."""
        for name in world_names():
            words = set(word_tables(world_named(name)).vocabulary)
            if all(word in words or _NUMBER.fullmatch(word) for word in self.words):
                yield f"world={name} has all of these words"
                return

    def _one(self) -> str:
        return self.world.language.counts[1][0]

    def _choices(self, part: str) -> list[str]:
        """Words for messages: of every size, synonyms included, or of every colour."""
        rows = self.world.language.sizes if part == "size" else self.world.language.colours
        return [word for row in rows.values() for word in row]

    def _form(self, shape: str, count: int) -> str:
        noun, language = self.world.language.shapes[shape][0], self.world.language
        return language.form(noun, language.first_case, language.kind(noun, count))

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
            return self._error(f"it ends after word {self.at} where {what} was expected", unfinished=True)
        return self._error(f"word {self.at + 1} is {self._word()!r} where {what} was expected")

    def _error(self, why: str, unfinished: bool = False) -> CaptionError:
        return CaptionError(f"cannot read {self.caption!r}: {why}", unfinished, why)


def _shared(first: Sequence[str], second: Sequence[str]) -> int:
    """How many words are the same at the start of both phrases."""
    pairs = zip(first, second, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
