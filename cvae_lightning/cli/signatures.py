"""Types of a config's values by the constructors that take them; imports what the config builds, torch included."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf

from cvae_lightning.cli.messages import shown
from cvae_lightning.cli.rules import is_kind, rule_of
from cvae_lightning.errors import UserError

PLAIN = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
TRANSLATED = ("trainer.precision",)
"""Keys whose words are this package's and not the constructor's."""
LISTS = ("Sequence", "list", "tuple", "Iterable", "Collection")


def check_parts(config: DictConfig) -> None:
    """Raise for the first value that does not fit the constructor which its ``_target_`` names.

    Raises:
        UserError: the message names the key, its value and what was expected.
    """
    for key, value, hint in _arguments("", OmegaConf.to_container(config, resolve=True)):
        if key not in TRANSLATED and not fits(value, hint) and not (value is None and rule_of(key)):
            raise UserError(f"{key}={shown(value)}: expected {words(hint)}")


def _arguments(prefix: str, node: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every argument of every part: its dotted key, its value and its type."""
    if not isinstance(node, dict):
        return
    hints = _hints(str(node["_target_"])) if "_target_" in node else {}
    for name, value in node.items():
        key = f"{prefix}.{name}" if prefix else str(name)
        if name in hints:
            yield key, value, hints[name]
        yield from _arguments(key, value)


def _hints(target: str) -> Mapping[str, Any]:
    """The types of a constructor's arguments; none for what cannot be found, which building answers."""
    try:
        made: Any = get_object(target)
        return get_type_hints(getattr(made, "__init__") if isinstance(made, type) else made)  # noqa: B009
    except Exception:
        return {}


def fits(value: Any, hint: Any) -> bool:
    """Whether a config's value can be an argument of a type.

    Example:
        >>> fits(2.5, int), fits([1, 2], list[int]), fits(None, int | None)
        (False, True, True)
    """
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return any(fits(value, option) for option in inner)
    if hint is None or hint is types.NoneType:
        return value is None
    if origin is Literal:
        return value in inner
    if hint in PLAIN:
        return is_kind(value, (hint,))
    if _name(origin or hint) in LISTS and hint is not str:
        return isinstance(value, list) and _items_fit(value, inner)
    if isinstance(hint, type) and origin is None and hint is not object and not typing.is_typeddict(hint):
        return isinstance(value, (dict, str, hint))
    return True


def _items_fit(values: list[Any], inner: tuple[Any, ...]) -> bool:
    kinds = [kind for kind in inner if kind is not Ellipsis]
    fixed = len(kinds) > 1
    if fixed and len(values) != len(kinds):
        return False
    pairs = zip(values, kinds if fixed else kinds * len(values), strict=False)
    return all(fits(value, kind) for value, kind in pairs)


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
    if _name(origin or hint) in LISTS:
        return "a list" + (f" whose items are {words(inner[0])}" if inner and inner[0] is not Ellipsis else "")
    return f"a part with a _target_, a {_name(hint)}"


def _name(hint: Any) -> str:
    return str(getattr(hint, "__name__", hint))
