"""Hydra's ``key=value`` arguments: read, compared, and those of a saved run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml

from cvae_lightning.errors import UserError
from cvae_lightning.runs.layout import HYDRA_OVERRIDES, OVERRIDES
from cvae_lightning.runs.plain import read_plain

RUNTIME_KEYS = ("resume",)
"""Keys that say how a command runs, not what the run is."""


def saved_overrides(folder: Path) -> list[str]:
    """The arguments that a run was started with, from its own ``overrides.yaml``.

    Hydra writes ``.hydra/overrides.yaml`` before any check of ours, for a command that is refused too; it is read
    only for a run of an older version, which has nothing else.

    Raises:
        UserError: neither file can be read as a list of ``key=value`` texts.

    Example:
        >>> Path("run").mkdir()
        >>> _ = Path("run", "overrides.yaml").write_text("[seed=1, resume=auto]")
        >>> saved_overrides(Path("run"))
        ['seed=1']
    """
    file = next((file for name in (OVERRIDES, HYDRA_OVERRIDES) if (file := folder / name).exists()), None)
    content = read_plain(file) if file else None
    if file is None:
        raise UserError(f"{folder} cannot be resumed: it has neither {OVERRIDES} nor {HYDRA_OVERRIDES}")
    if not isinstance(content, list):
        raise UserError(f"{file} cannot be read: expected a list of key=value texts, such as [] or [seed=1]")
    for override in content:
        # A line that begins with a dash would be an option of Hydra, such as --config-dir.
        if not isinstance(override, str) or not ("=" in override or override.startswith("~")) or override[0] == "-":
            raise UserError(f"{file} cannot be read: {str(override)[:80]!r} is not a key=value text")
    return [override for override in content if override_key(override) not in RUNTIME_KEYS]


def overrides_text(overrides: Sequence[str]) -> str:
    """The content of ``overrides.yaml``: the arguments without those that say how a command runs."""
    return yaml.safe_dump([text for text in overrides if override_key(text) not in RUNTIME_KEYS], width=1 << 16)


def override_value(arguments: Iterable[str], key: str) -> str | None:
    """The value that the last ``key=value`` argument gives, without quotes; None if there is none.

    Example:
        >>> override_value(["seed=1", "resume='a folder'"], "resume")
        'a folder'
    """
    values = [argument.partition("=")[2] for argument in arguments if override_key(argument) == key]
    return values[-1].strip("'\"") if values else None


def override_key(argument: str) -> str:
    """The key of a ``key=value`` argument, without Hydra's signs for adding and deleting.

    Example:
        >>> override_key("+trainer.max_steps=5")
        'trainer.max_steps'
    """
    return argument.partition("=")[0].lstrip("+~")


def renamed_override(override: str, renamed: Mapping[str, str]) -> list[str]:
    """An argument of an earlier version as it is written now; one choice may have become several.

    Args:
        override: such as ``learning_rate=cosine`` or ``prior.steps=4``.
        renamed: new names by old ones: a dotted key (those below it moved with it), a group, or ``group=choice``.

    Example:
        >>> renamed_override("callbacks.pace.window=3", {"callbacks.pace": "callbacks.throughput"})
        ['callbacks.throughput.window=3']
    """
    signs = override[: len(override) - len(override.lstrip("+~"))]
    key, equals, value = override.removeprefix(signs).partition("=")
    if equals and f"{key}={value}" in renamed:
        return [f"{signs}{choice}" for choice in renamed[f"{key}={value}"].split()]
    parts = key.split(".")
    for end in range(len(parts), 0, -1):
        if (old := ".".join(parts[:end])) in renamed:
            return [signs + ".".join([renamed[old], *parts[end:]]) + equals + value]
    return [override]
