"""The tables that captions are read by: every form of every word of a world, with its meaning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TypeVar
from unicodedata import normalize

from cvae_lightning.world.language import JOINED, PLURAL, Language
from cvae_lightning.world.world import World

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class WordTables:
    """What each word means, in every form and as ``read_words`` gives it: in lower case.

    Attributes:
        counts, sizes, colours: the meaning of each word.
        singulars, plurals: the shape of each noun for one thing, and for more.
        links: the relation of each phrase between groups, or None where it is none.
        vocabulary: all words of the language in alphabetical order.

    >>> from cvae_lightning.world import DEFAULT
    >>> word_tables(DEFAULT).links[("to", "the", "left", "of")]
    'left of'
    """

    counts: Mapping[str, int]
    sizes: Mapping[str, str]
    colours: Mapping[str, str]
    singulars: Mapping[str, str]
    plurals: Mapping[str, str]
    links: Mapping[tuple[str, ...], str | None]
    vocabulary: tuple[str, ...]


def read_words(text: str) -> list[str]:
    """The words of a text as they are looked up: without capitals, and with accents as one character.

    >>> read_words("Two  tiny CROSSES")
    ['two', 'tiny', 'crosses']
    """
    return normalize("NFC", text).lower().split()


@cache
def word_tables(world: World) -> WordTables:
    """The tables of a world.

    >>> from cvae_lightning.world import DEFAULT
    >>> word_tables(DEFAULT).plurals["crosses"]
    'cross'
    """
    language = world.language
    counts = _table(
        (form, count) for count, row in language.counts.items() for form in _count_forms(language, count, row)
    )
    sizes, colours = (_table(_adjectives(language, rows)) for rows in (language.sizes, language.colours))
    singulars = _table((form, shape) for shape in language.shapes for form in _nouns(language, shape, count=1))
    plurals = _table((form, shape) for shape in language.shapes for form in _nouns(language, shape, count=2))
    links = {
        tuple(read_words(phrase)): None if link == JOINED else link
        for link, phrases in language.links.items()
        for phrase in phrases
    }
    known = {*counts, *sizes, *colours, *singulars, *plurals, *chain.from_iterable(links)}
    return WordTables(
        counts=counts,
        sizes=sizes,
        colours=colours,
        singulars=singulars,
        plurals=plurals,
        links=links,
        vocabulary=tuple(sorted(known)),
    )


def _count_forms(language: Language, count: int, row: Iterable[str]) -> Iterator[str]:
    kinds = [PLURAL] if count > 1 else language.all_kinds()[:-1]
    for text in row:
        for form in (language.form(text, case, kind) for case in language.all_cases() for kind in kinds):
            yield form
            if form in language.before_vowel:
                yield language.before_vowel[form]


def _adjectives(language: Language, rows: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    for meaning, row in rows.items():
        for text in row:
            for case in language.all_cases():
                yield from ((language.adjective(text, case, kind), meaning) for kind in language.all_kinds())


def _nouns(language: Language, shape: str, count: int) -> Iterator[str]:
    for noun in language.shapes[shape]:
        yield from (language.form(noun, case, language.kind(noun, count)) for case in language.all_cases())


def _table(items: Iterable[tuple[str, T]]) -> dict[str, T]:
    return {" ".join(read_words(form)): meaning for form, meaning in items}
