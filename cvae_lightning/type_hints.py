"""Which plain data fits a type hint, for values that configs and files give to constructors."""

from __future__ import annotations

import types
import typing
from typing import Any, Literal, Union, get_args, get_origin

PLAIN = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
LISTS = ("Sequence", "list", "tuple", "Iterable", "Collection")


def is_kind(value: Any, kinds: tuple[type, ...]) -> bool:
    """Whether a value is of one of the types: true and false are no numbers, and a whole number is a number.

    Example:
        >>> is_kind(True, (int,)), is_kind(3, (float,)), is_kind(2.5, (int,))
        (False, True, False)
    """
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, kinds) or (isinstance(value, int) and float in kinds)


def fits(value: Any, hint: Any, stand_ins: tuple[type, ...] = (dict, str)) -> bool:
    """Whether plain data can be an argument of a type.

    Args:
        value: the data.
        hint: the argument's type, as ``typing.get_type_hints`` gives it.
        stand_ins: what may stand for an object of a class: in a config a mapping with a ``_target_``, or a text.

    Example:
        >>> fits(2.5, int), fits([1, 2], list[int]), fits(None, int | None)
        (False, True, True)
    """
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(fits(value, option, stand_ins) for option in inner)
    if hint is None or hint is types.NoneType:
        return value is None
    if origin is Literal:
        return value in inner
    if hint in PLAIN:
        return is_kind(value, (hint,))
    if type_name(origin or hint) in LISTS and hint is not str:
        return isinstance(value, list) and _items_fit(value, inner, stand_ins)
    if isinstance(hint, type) and origin is None and hint is not object and not typing.is_typeddict(hint):
        return isinstance(value, (*stand_ins, hint))
    return True


def _items_fit(values: list[Any], inner: tuple[Any, ...], stand_ins: tuple[type, ...]) -> bool:
    kinds = [kind for kind in inner if kind is not Ellipsis]
    fixed = len(kinds) > 1
    if fixed and len(values) != len(kinds):
        return False
    pairs = zip(values, kinds if fixed else kinds * len(values), strict=False)
    return all(fits(value, kind, stand_ins) for value, kind in pairs)


def words(hint: Any) -> str:
    """A type in words.

    Example:
        >>> words(float | None)
        'a number or null'
    """
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(words(option) for option in inner)
    if hint is None or hint is types.NoneType:
        return "null"
    if origin is Literal:
        return " or ".join(map(str, inner))
    if hint in PLAIN:
        return PLAIN[hint]
    if type_name(origin or hint) in LISTS:
        return "a list" + (f" whose items are {words(inner[0])}" if inner and inner[0] is not Ellipsis else "")
    return f"a part with a _target_, a {type_name(hint)}"


def type_name(hint: Any) -> str:
    return str(getattr(hint, "__name__", hint))
