"""Names of a package that are imported when they are first used, so that a command loads what it needs and no more."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package (PEP 562) that imports a name's module when the name is asked for.

    Args:
        package: its ``__name__``.
        homes: the module of each name, as from ``package``.

    Example:
        >>> get = lazy_names("cvae_lightning", {"CaptionTokenizer": "data.tokenizer"})
        >>> get("CaptionTokenizer")(max_length=8).max_length
        8
        >>> get("CaptionTokeniser")
        Traceback (most recent call last):
        AttributeError: module 'cvae_lightning' has no attribute 'CaptionTokeniser'
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, value)  # so that it is looked up once
        return value

    return get
