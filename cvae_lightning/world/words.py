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

    Raises:
        ValueError: a word has two meanings; the message names both.

    >>> from cvae_lightning.world import DEFAULT
    >>> word_tables(DEFAULT).plurals["crosses"]
    'cross'
    """
    language = world.language
    counts = _table(
        "count",
        ((form, count) for count, row in language.counts.items() for form in _count_forms(language, count, row)),
    )
    sizes = _table("size", _adjectives(language, language.sizes))
    colours = _table("colour", _adjectives(language, language.colours))
    singulars = _table("shape", _nouns(language, count=1))
    plurals = _table("shape", _nouns(language, count=2))
    phrases = _table("link", ((phrase, link) for link, row in language.links.items() for phrase in row))
    links = {tuple(phrase.split()): None if link == JOINED else link for phrase, link in phrases.items()}
    known = {*counts, *sizes, *colours, *singulars, *plurals, *chain.from_iterable(links)}
    _check_roles(
        [
            *(("count", word, str(count)) for word, count in counts.items()),
            *(("size", word, size) for word, size in sizes.items()),
            *(("colour", word, colour) for word, colour in colours.items()),
            *(("shape", word, shape) for word, shape in [*singulars.items(), *plurals.items()]),
            *(("link", word, link) for phrase, link in phrases.items() for word in phrase.split()),
        ]
    )
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


def _nouns(language: Language, count: int) -> Iterator[tuple[str, str]]:
    for shape, row in language.shapes.items():
        for noun in row:
            kind = language.kind(noun, count)
            yield from ((language.form(noun, case, kind), shape) for case in language.all_cases())


def _table(role: str, items: Iterable[tuple[str, T]]) -> dict[str, T]:
    """The meaning of each form, as it is read."""
    table: dict[str, T] = {}
    for form, meaning in items:
        word = " ".join(read_words(form))
        if table.setdefault(word, meaning) != meaning:
            raise ValueError(_two_meanings(word, (role, table[word]), (role, meaning)))
    return table


def _check_roles(roles: Iterable[tuple[str, str, str]]) -> None:
    """Refuse a word that has two roles; a word in several phrases between groups has one."""
    known: dict[str, tuple[str, str]] = {}
    for role, word, meaning in roles:
        other = known.setdefault(word, (role, meaning))
        if other != (role, meaning) and (role, other[0]) != ("link", "link"):
            raise ValueError(_two_meanings(word, other, (role, meaning)))


def _two_meanings(word: str, first: tuple[str, object], second: tuple[str, object]) -> str:
    both = " and ".join(f"of the {role} {meaning!r}" for role, meaning in (first, second))
    return f"{word!r} is a word {both}: expected every word of a language to have one meaning"
