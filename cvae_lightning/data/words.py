"""How a caption becomes words: the shape world's captions at spaces, any other text by the classes of Unicode."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

INNER = "'\N{RIGHT SINGLE QUOTATION MARK}-"
"""Signs that join two parts of one word where they stand between them."""
ONE_BY_ONE = ("CJK", "HIRAGANA", "KATAKANA")
"""Scripts that write no spaces: each of their characters is a word."""


def spaced_words(caption: str) -> list[str]:
    """Lower-case words of a caption of the shape world, without a final full stop.

    Example:
        >>> spaced_words("A red star.")
        ['a', 'red', 'star']
    """
    return caption.lower().strip().removesuffix(".").split()


def free_words(caption: str) -> list[str]:
    """Words and punctuation marks of any text, without regard to case and to how its characters are encoded.

    Text is normalised (NFKC) and case-folded. A word is a run of letters, digits, marks and underscores, with an
    apostrophe or a hyphen inside it; every other visible character is a word of its own, and so is each character of
    Chinese and Japanese.

    Example:
        >>> free_words("My dog's ball: RED, well-used!")
        ['my', "dog's", 'ball', ':', 'red', ',', 'well-used', '!']
        >>> free_words("Ein großes Haus")
        ['ein', 'grosses', 'haus']
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", caption).casefold())
    words: list[str] = []
    inside = False
    for index, character in enumerate(text):
        joins = character in INNER and inside and index + 1 < len(text) and _is_inside(text[index + 1])
        if inside and (joins or _is_inside(character)):
            words[-1] += character
        elif not character.isspace() and character.isprintable():
            words.append(character)
        inside = _is_inside(character) or joins
    return words


def _is_inside(character: str) -> bool:
    """Whether a character is part of a longer word."""
    if character.isascii():
        return character.isalnum() or character == "_"
    if not (character.isalnum() or unicodedata.category(character).startswith("M")):
        return False
    return not unicodedata.name(character, "").startswith(ONE_BY_ONE)


def most_frequent(sentences: Iterable[list[str]], most: int | None) -> set[str]:
    """The words that occur most often, at most so many; of equally frequent ones the first in alphabetical order.

    Example:
        >>> sorted(most_frequent([["b", "a"], ["b", "c"]], most=2))
        ['a', 'b']
    """
    counts = Counter(word for sentence in sentences for word in sentence)
    return set(sorted(counts, key=lambda word: (-counts[word], word))[:most])
