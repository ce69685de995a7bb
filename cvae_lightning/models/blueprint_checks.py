"""Blueprints from files, checked against sizes and constructors before anything is built."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args, get_type_hints

from torch import Tensor, nn

from cvae_lightning.models.serialization import PARTS, build
from cvae_lightning.models.without_memory import without_memory
from cvae_lightning.type_hints import fits, words

DEEPEST = 16
"""Parts within parts."""
LARGEST = 2**20
"""Of a whole number that has no bound of its own, such as a width."""
LONGEST = 10_000
"""Items of a list, such as the rows of a lexicon."""
MOST = {
    "stages": 16,
    "layers": 256,
    "blocks": 64,
    "widths": 65_536,
    "image_size": 8_192,
    "max_length": 10_000,
    "num_slots": 1_024,
    "steps": 10_000,
    "restarts": 10_000,
}
"""A file may ask for so many; 16 stages halve a side of 65,536 pixels down to one."""
MOST_ITEMS = {"blocks": 16, "widths": 16}
"""Items of a list, one per stage."""
MOST_EXTRA = 2**27
"""Numbers that a model may hold besides its weights, such as the positions of a canvas."""


def check_bounds(plan: Any, depth: int = 0) -> None:
    """Raise where a blueprint asks for more than any model has; what its numbers mean is not looked at.

    Raises:
        ValueError: the message names the argument.
    """
    if not isinstance(plan, Mapping):
        raise ValueError(f"expected a part with its arguments, found {_shown(plan)}")
    if depth > DEEPEST:
        raise ValueError(f"its parts are nested more than {DEEPEST} deep")
    for key, value in plan.items():
        if isinstance(value, Mapping):
            check_bounds(value, depth + 1)
        else:
            _check_size(str(key), value, 0)


def _check_size(key: str, value: Any, depth: int) -> None:
    if isinstance(value, list | tuple):
        most = MOST_ITEMS.get(key, LONGEST)
        if len(value) > most or depth > 2:
            raise ValueError(f"{key} has {len(value)} items, {depth + 1} deep: expected at most {most}, 3 deep")
        for item in value:
            _check_size(key, item, depth + 1)
    elif isinstance(value, int):
        most = MOST.get(key, LARGEST)
        if abs(value) > most:
            raise ValueError(f"{_shown(value)} {key}: expected at most {most}")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{key} is {value}: expected a finite number")
    elif isinstance(value, str) and len(value) > LONGEST:
        raise ValueError(f"{key} is a text of {len(value)} characters: expected at most {LONGEST}")


def check_blueprint(plan: Any) -> None:
    """Raise where a blueprint is not one of registered parts and of arguments that their constructors take.

    Nothing is built.

    Raises:
        ValueError: the message names the part and its argument.

    Example:
        >>> check_blueprint({"part": "StandardPrior", "latent_dim": 4})
        >>> check_blueprint({"part": "StandardPrior", "latent_dim": "four"})
        Traceback (most recent call last):
        ValueError: StandardPrior.latent_dim is 'four': expected a whole number
    """
    check_bounds(plan)
    _check_part(plan)


def _check_part(plan: Mapping[str, Any]) -> None:
    name = plan.get("part")
    if not isinstance(name, str) or name not in PARTS:
        near = get_close_matches(str(name), PARTS, n=1, cutoff=0.0)
        raise ValueError(
            f"{_shown(name)} is not a registered part of a model; the nearest registered one is {near[0]!r}. One of "
            "your own needs its module: imports=[MODULE] for a command, import MODULE in a program"
        )
    arguments = {key: value for key, value in plan.items() if key != "part"}
    _check_names(name, arguments)
    hints = _hints(PARTS[name])
    for key, value in arguments.items():
        hint = hints.get(key, Any)
        if isinstance(value, Mapping):
            _check_part(value)
            classes = [option for option in (get_args(hint) or (hint,)) if isinstance(option, type)]
            if classes and not any(issubclass(PARTS[value["part"]], kind) for kind in classes):
                raise ValueError(f"{name}.{key} is a {value['part']}: expected {_expected(hint)}")
        elif not fits(value, hint, stand_ins=()):
            raise ValueError(f"{name}.{key} is {_shown(value)}: expected {_expected(hint)}")


def _check_names(name: str, arguments: Mapping[str, Any]) -> None:
    parameters = inspect.signature(PARTS[name]).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return
    known = {parameter.name for parameter in parameters}
    if unknown := sorted(set(arguments) - known):
        raise ValueError(f"{name} has no argument {_shown(unknown[0])}")
    needed = {parameter.name for parameter in parameters if parameter.default is parameter.empty}
    if lacking := sorted(needed - set(arguments)):
        raise ValueError(f"{name} lacks its argument {lacking[0]!r}")


def _hints(cls: type) -> Mapping[str, Any]:
    """The types of a constructor's arguments; none where a class from elsewhere has hints that cannot be read."""
    try:
        return get_type_hints(cls.__init__)  # type: ignore[misc]
    except Exception:
        return {}


def check_shapes(plan: Mapping[str, Any], weights: Mapping[str, Tensor]) -> None:
    """Raise where weights are not those of a blueprint's model, which is built without memory for it.

    Args:
        plan: a blueprint that :func:`check_blueprint` passes.
        weights: tensors by name.

    Raises:
        ValueError: the message names the weight that is absent, too many or of another shape.
    """
    with without_memory():
        model = build(plan)
    if not isinstance(model, nn.Module):
        raise ValueError(f"a {type(model).__name__} has no weights")
    wanted = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    found = {name: tuple(value.shape) for name, value in weights.items()}
    for name in [*wanted, *found]:
        if found.get(name) != wanted.get(name):
            raise ValueError(f"{name} is {_size(found.get(name))}: expected it to be {_size(wanted.get(name))}")
    numbers = sum(value.numel() for value in (*model.parameters(), *model.buffers()))
    if numbers > sum(value.numel() for value in weights.values()) + MOST_EXTRA:
        raise ValueError(f"a model of {numbers:,} numbers: its file has far fewer")


def _size(shape: tuple[int, ...] | None) -> str:
    return "absent" if shape is None else " x ".join(map(str, shape)) or "a single number"


def _expected(hint: Any) -> str:
    return words(hint).replace("a part with a _target_, ", "")


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, int) or abs(value) < 10**80 else "a number of many digits"
    return text if len(text) <= 80 else f"{text[:76]} ..."


def nested(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A blueprint and all that are in it."""
    yield plan
    for value in plan.values():
        if isinstance(value, Mapping):
            yield from nested(value)
