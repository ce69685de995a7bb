"""Messages about a misspelt word: name it, say what was expected, and offer the nearest right ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches


def listed(words: Iterable[str], last: str = "or") -> str:
    """Words as a list in a sentence: ``red, green or blue``."""
    *front, end = words
    return f"{', '.join(front)} {last} {end}" if front else end


def nearest(word: str, known: Collection[str], at_most: int = 1) -> list[str]:
    """The known words that look like ``word`` in either case, best first; none where all are far from it."""
    originals = {option.lower(): option for option in known}
    return [originals[near] for near in get_close_matches(word.lower(), list(originals), n=at_most, cutoff=0.5)]


def check_known(what: str, word: object, known: Collection[str]) -> None:
    """Refuse a word that is not known.

    Raises:
        ValueError: ``word`` is not one of ``known``; the message names the nearest where one is near.
    """
    if isinstance(word, str) and word in known:
        return
    near = nearest(word, known) if isinstance(word, str) else []
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"{what} is {word!r}: expected {listed(known)}{hint}")
