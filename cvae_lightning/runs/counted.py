"""Numbers of things for people."""

from __future__ import annotations


def counted(number: int, thing: str, things: str | None = None) -> str:
    """A number of things in words.

    Args:
        number: how many.
        thing: what one is called.
        things: what several are called; None for ``thing`` with an s.

    >>> counted(1, "epoch"), counted(1200, "picture")
    ('1 epoch', '1200 pictures')
    """
    return f"{number} {thing}" if number == 1 else f"{number} {things or f'{thing}s'}"
