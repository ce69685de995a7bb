"""Models as plain data: what a part was built from, and how to build it again, without code in the file."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

from torch import nn

PARTS: dict[str, type] = {}
"""Registered classes by name: modules, and frozen records that are arguments of modules."""
_Class = TypeVar("_Class", bound=type)


def part(cls: _Class) -> _Class:
    """Class decorator: objects of the class can be written as a blueprint and built again by name.

    A module remembers its constructor's arguments, which must be plain data or other parts; a frozen dataclass is its
    fields. Only decorated classes can be named by a file, so a file never chooses code to run. A class of your own is
    registered as soon as your program has imported it.

    Raises:
        ValueError: another class is registered under this name.

    Example:
        >>> @part
        ... class Scale(nn.Module):
        ...     def __init__(self, factor: float = 2.0) -> None:
        ...         super().__init__()
        ...         self.factor = factor
        >>> blueprint(Scale(3.0))
        {'part': 'Scale', 'factor': 3.0}
        >>> build({"part": "Scale", "factor": 3.0}).factor
        3.0
    """
    known = PARTS.get(cls.__name__)
    if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
        raise ValueError(
            f"a part named {cls.__name__} is registered already, by {known.__module__}: give the new class another name"
        )
    PARTS[cls.__name__] = cls
    if not is_dataclass(cls):
        _remember_arguments(cls)
    return cls


def _remember_arguments(cls: type) -> None:
    construct = cls.__init__  # type: ignore[misc]
    signature = inspect.signature(construct)

    @functools.wraps(construct)
    def remember(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        construct(self, *args, **kwargs)
        if type(self) is cls:
            _, *arguments = bound.arguments.items()
            object.__setattr__(self, "_arguments", dict(arguments))

    cls.__init__ = remember  # type: ignore[misc]


def blueprint(module: Any) -> dict[str, Any]:
    """The module or record as plain data: ``{"part": class name, argument: value or nested blueprint}``.

    A record is read from the attribute of its argument's name where there is one, since it may have been replaced
    after construction (a prior's sampler).

    Raises:
        ValueError: its class is not registered.

    Example:
        >>> from cvae_lightning.models import StandardPrior
        >>> blueprint(StandardPrior(latent_dim=4))
        {'part': 'StandardPrior', 'latent_dim': 4}
    """
    name = type(module).__name__
    if PARTS.get(name) is not type(module):
        raise ValueError(f"{name} is not registered with @part: it cannot be written to a file")
    return {"part": name} | {key: _plain(value) for key, value in _arguments(module).items()}


def _arguments(module: Any) -> dict[str, Any]:
    if not isinstance(module, nn.Module):
        return {field.name: getattr(module, field.name) for field in fields(module)}
    given: dict[str, Any] = module._arguments  # type: ignore[assignment]
    return {key: _current(getattr(module, key, None), value) for key, value in given.items()}


def _current(attribute: Any, argument: Any) -> Any:
    return attribute if is_dataclass(attribute) and not isinstance(attribute, type) else argument


def _plain(value: Any) -> Any:
    if isinstance(value, nn.Module) or is_dataclass(value):
        return blueprint(value)
    return list(value) if isinstance(value, tuple) else value


def build(plan: Mapping[str, Any]) -> Any:
    """The freshly initialised module, or the record, of a blueprint; the inverse of :func:`blueprint`.

    A blueprint from a file is first checked by :mod:`cvae_lightning.models.blueprint_checks`.

    Raises:
        ValueError: the plan names no registered part, or arguments that the part does not take.

    Example:
        >>> from cvae_lightning.models import StandardPrior
        >>> build({"part": "StandardPrior", "latent_dim": 4})
        StandardPrior()
    """
    name = plan.get("part")
    if not isinstance(name, str) or name not in PARTS:
        near = get_close_matches(str(name), PARTS, n=1, cutoff=0.0)
        raise ValueError(f"{name!r} is not a registered part of a model; the nearest registered one is {near[0]!r}")
    arguments = {
        key: build(value) if isinstance(value, Mapping) else value for key, value in plan.items() if key != "part"
    }
    try:
        return PARTS[name](**arguments)
    except TypeError as error:
        raise ValueError(f"{name} cannot be built from {sorted(arguments)}: {error}") from error
