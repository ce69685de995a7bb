"""Which keys a sweep varies, and what each job's value of them is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

Value = str | int | float | bool | None


def read_settings(overrides: Sequence[str], config: Mapping[str, Any]) -> dict[str, Value]:
    """A job's settings by dotted key.

    Args:
        overrides: the job's ``key=value`` arguments, which also name choices of whole groups (``prior=flow``).
        config: its resolved config; empty for a job that failed before it had one.
    """
    leaves = dict(_leaves(config))
    return {key: _plain(text) for key, text in _pairs(overrides).items()} | leaves


def swept_keys(overrides: Sequence[Sequence[str]], configs: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The keys whose value differs among jobs, in the order in which they were given.

    What the command line varied comes first and explains the rest: a config has many values that follow
    from one key, such as the encoder's size from the model's. Only where no override differs are the
    configs compared, and of values that always change together the first is named.
    """
    texts = [
        {key: str(value) for key, value in _leaves(config)} | _pairs(given)
        for given, config in zip(overrides, configs, strict=True)
    ]
    named = dict.fromkeys(key for job in overrides for key in _pairs(job))
    varied = [key for key in named if len({job.get(key) for job in texts}) > 1]
    if varied:
        return tuple(varied)
    columns: dict[tuple[str, ...], str] = {}
    for key in dict.fromkeys(key for config in configs for key, _ in _leaves(config)):
        values = tuple(str(job.get(key)) for job in texts)
        if len(set(values)) > 1:
            columns.setdefault(_partition(values), key)
    return tuple(columns.values())


def order(values: Sequence[Value]) -> list[Value]:
    """Different values, numbers by size before words by the alphabet."""
    return sorted(dict.fromkeys(values), key=lambda v: (0, v, "") if is_number(v) else (1, 0, str(v)))


def is_number(value: object) -> bool:
    """Whether a setting is a quantity; a switch is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _partition(values: tuple[str, ...]) -> tuple[str, ...]:
    """Which jobs have equal values, whatever these are."""
    first = {value: str(index) for index, value in reversed(list(enumerate(values)))}
    return tuple(first[value] for value in values)


def _pairs(overrides: Sequence[str]) -> dict[str, str]:
    split = (override.partition("=") for override in overrides if not override.startswith("~"))
    return {key.lstrip("+"): text for key, _, text in split}


def _leaves(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Value]]:
    for key, value in node.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value) if isinstance(value, list) else value


def _plain(text: str) -> Value:
    """The value of an override as the config would have it."""
    constants: dict[str, Value] = {"true": True, "false": False, "null": None}
    if text.lower() in constants:
        return constants[text.lower()]
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text.strip("'\"")
