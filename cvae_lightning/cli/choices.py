"""Arguments read one by one, before anything is composed: each is ``key=value``, each group and choice exists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, QuotedString
from hydra.errors import HydraException

from cvae_lightning.cli.configs import COMMANDS, CONF, OPTIONAL_GROUPS, choices_of, groups_of
from cvae_lightning.cli.messages import short
from cvae_lightning.cli.renamed import RENAMED
from cvae_lightning.errors import UserError, nearest_hint

LISTED_GROUPS = ("penalties",)
"""Groups of which several choices are taken at once."""


def read_overrides(command: str, arguments: Sequence[str], folders: Sequence[Path] = (CONF,)) -> list[Override]:
    """Parse arguments and check the groups and choices that they name.

    Args:
        command: the command's name.
        arguments: ``key=value`` texts.
        folders: where groups are looked for.

    Raises:
        UserError: an argument cannot be read, or names a group or choice that the command does not have.
    """
    overrides = [_parsed(command, argument) for argument in arguments]
    for override in overrides:
        _check(command, override, folders)
    return overrides


def _parsed(command: str, argument: str) -> Override:
    if "=" not in argument and not argument.startswith("~"):
        hint = ""
        if command == "generate":
            hint = '; captions are written as \'captions=["a large blue square", "a red star"]\', quotes included'
        raise UserError(f"{short(argument)}: expected key=value{hint}")
    try:
        return OverridesParser.create().parse_override(argument)
    except HydraException as error:
        reason = " ".join(str(error).splitlines()[0].split())
        raise UserError(
            f"{short(argument)} cannot be read ({short(reason)}): quote texts with spaces or signs, as in "
            "'captions=[\"a large blue square\"]'"
        ) from error


def _check(command: str, override: Override, folders: Sequence[Path]) -> None:
    group = override.key_or_group
    if group.startswith("hydra") or not any((folder / group).is_dir() for folder in folders):
        return
    known = groups_of(command)
    if group.split("/")[0] not in known and any((CONF / group).is_dir() for _ in folders):
        others = [name for name in COMMANDS if group.split("/")[0] in groups_of(name)]
        groups = f"its groups are {', '.join(known)}" if known else "it has no groups"
        raise UserError(f"{group} is a group of {' and '.join(others)}, not of {command}: {groups}")
    options = choices_of(group, folders)
    for choice in _chosen(override):
        if choice is None and group in OPTIONAL_GROUPS:
            continue
        text = "null" if choice is None else str(choice)
        if (new := RENAMED.get(f"{group}={text}")) and text not in options:
            raise UserError(f"{group}={text} is now called {new}")
        if isinstance(choice, list) or text not in options:
            rate = "; the learning rate itself is optimizer.lr" if group == "lr_scheduler" else ""
            hint = f"{nearest_hint(text, options)}; there are {', '.join(options)}{rate}"
            raise UserError(f"{group}={short(text)}: no such choice{hint}")


def _chosen(override: Override) -> Iterator[Any]:
    """The choices that an override names: one, those of a list, or those that a sweep tries."""
    value = override._value
    values = value.list if isinstance(value, ChoiceSweep) else [] if override.is_sweep_override() else [value]
    for item in values:
        if isinstance(item, list) and override.key_or_group in LISTED_GROUPS:
            yield from (part.text if isinstance(part, QuotedString) else part for part in item)
        elif not (item is None and override.is_delete()):
            yield item.text if isinstance(item, QuotedString) else item
