"""Plain data (mappings, lists, words and numbers) read into the fields of records, with a message for what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from cvae_lightning.spelling import check_known

MAX_ITEMS, MAX_LENGTH = 256, 200
"""The most items of a list or mapping, and the most characters of a word or phrase."""


def mapping(what: str, value: object) -> Mapping[Any, Any]:
    """A mapping with 1 to ``MAX_ITEMS`` items.

    Raises:
        ValueError: the value is anything else; the message names it. So in all functions here.
    """
    if not isinstance(value, Mapping) or len(value) > MAX_ITEMS:
        raise _wrong(what, value, f"a mapping of at most {MAX_ITEMS} items")
    return value


def sequence(what: str, value: object, length: int | None = None) -> Sequence[Any]:
    """A list or tuple of at most ``MAX_ITEMS`` items, or of exactly ``length``."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes) or len(value) > MAX_ITEMS:
        raise _wrong(what, value, f"a list of at most {MAX_ITEMS} items")
    if length is not None and len(value) != length:
        raise _wrong(what, value, f"a list of {length} items")
    return value


def word(what: str, value: object) -> str:
    """A word or phrase: letters, digits and single spaces, not empty."""
    if not isinstance(value, str) or not value or len(value) > MAX_LENGTH or value != " ".join(value.split()):
        raise _wrong(what, value, "a word, or words with single spaces between them")
    return value


def number(what: str, value: object, low: float, high: float) -> float:
    """A finite number from ``low`` to ``high``."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not (isfinite(value) and low <= value <= high):
        raise _wrong(what, value, f"a number from {low} to {high}")
    return float(value)


def whole(what: str, value: object, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high``; as the key of a mapping it may be a string, as JSON writes it."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 9:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _wrong(what, value, f"a whole number from {low} to {high}")
    return value


def truth(what: str, value: object) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise _wrong(what, value, "true or false")
    return value


def words(what: str, value: object) -> tuple[str, ...]:
    """A list of words; one word alone is a list of one."""
    if isinstance(value, str):
        return (word(what, value),)
    return tuple(word(what, item) for item in sequence(what, value))


def check_keys(what: str, plain: object, known: Sequence[str], required: Sequence[str]) -> dict[str, Any]:
    """The items of a mapping that has all required keys, and none that is not known."""
    items = dict(mapping(what, plain))
    for key in items:
        check_known(f"a key of {what}", key, known)
    missing = [key for key in required if key not in items]
    if missing:
        raise ValueError(f"{what} has no {missing[0]!r}: expected it, as {what} cannot be made without it")
    return items


def _wrong(what: str, value: object, expected: str) -> ValueError:
    shown = repr(value)
    shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
    return ValueError(f"{what} is {shown}: expected {expected}")
