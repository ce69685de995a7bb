"""Texts that a message repeats, kept short."""

from __future__ import annotations

from typing import Any

LONGEST, PARAGRAPH = 80, 900
"""Characters of a value that a message repeats, and of a whole message."""


def short(value: Any, longest: int = LONGEST) -> str:
    """A value as text on one line, with its middle left out where it is long.

    Example:
        >>> short("a red star " * 20, 30)
        'a red star a re ...  red star '
    """
    text = " ".join(str(value).splitlines())
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]} ... {text[-half + 5 :]}"


def shown(value: Any) -> str:
    """A config's value as it is written on a command line.

    Example:
        >>> shown(None), shown(True), shown([1, None])
        ('null', 'true', '[1,null]')
    """
    if isinstance(value, list | tuple):
        return short(f"[{','.join(map(shown, value))}]")
    if isinstance(value, dict):
        return short(f"{{{','.join(f'{key}:{shown(item)}' for key, item in value.items())}}}")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return short(value) if value != "" else "''"
