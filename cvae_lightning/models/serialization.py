"""Models as plain data: what a part was built from, and how to build it again, without code in the file."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from torch import nn

RENAMED = {"LayeredDecoder": "CompositingDecoder", "ThingsTextEncoder": "BottleneckTextEncoder"}
"""Parts of files of format version 1."""
PARTS: dict[str, type[nn.Module]] = {}
_Module = TypeVar("_Module", bound=type[nn.Module])


def part(cls: _Module) -> _Module:
    """Class decorator: the module remembers its constructor's arguments and may be rebuilt by name.

    Only decorated classes can be named by a checkpoint, so a file never chooses code to run.
    A class of your own takes part as soon as your program has imported it.
    """
    construct = cls.__init__
    signature = inspect.signature(construct)

    @functools.wraps(construct)
    def remember(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        construct(self, *args, **kwargs)
        if type(self) is cls:
            _, *arguments = bound.arguments.items()
            object.__setattr__(self, "_arguments", dict(arguments))

    cls.__init__ = remember  # type: ignore[method-assign]
    PARTS[cls.__name__] = cls
    return cls


def blueprint(module: nn.Module) -> dict[str, Any]:
    """The module as plain data: ``{"part": class name, argument: value or nested blueprint}``."""
    arguments: dict[str, Any] = getattr(module, "_arguments", {})
    if type(module).__name__ not in PARTS:
        raise ValueError(f"{type(module).__name__} is no @part: it cannot be written to a checkpoint")
    return {"part": type(module).__name__} | {
        name: blueprint(value) if isinstance(value, nn.Module) else value for name, value in arguments.items()
    }


def build(plan: Mapping[str, Any]) -> nn.Module:
    """The freshly initialised module of a blueprint; the inverse of :func:`blueprint`.

    Raises:
        ValueError: the plan names no known part, or arguments that the part does not take.
    """
    name = RENAMED.get(str(plan.get("part")), plan.get("part"))
    if not isinstance(name, str) or name not in PARTS:
        near = get_close_matches(str(name), PARTS, n=1, cutoff=0.0)
        raise ValueError(f"{name!r} is no known part of a model; the nearest known one is {near[0]!r}")
    arguments = {
        key: build(value) if isinstance(value, Mapping) else value for key, value in plan.items() if key != "part"
    }
    try:
        return PARTS[name](**arguments)
    except TypeError as error:
        raise ValueError(f"{name} cannot be built from {sorted(arguments)}: {error}") from error
