"""The help page of a command, from the comments of its config files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cvae_lightning.cli.configs import CONF, EXAMPLES, choices_of, groups_of
from cvae_lightning.cli.listing import summary

FLAGS = """Flags: --cfg job prints the whole config, --cfg job --resolve with its values; -m tries every combination of
values that are separated by commas; --hydra-help has the others."""


def help_page(command: str) -> str:
    """What a command does, an example, its groups with their choices, and its keys with their comments."""
    groups = groups_of(command)
    lines = [
        f"{summary(command)}.",
        "",
        f"  python -m cvae_lightning.{command} {EXAMPLES[command]}",
        "",
        *(["Groups (GROUP=CHOICE), the default in brackets:", *_groups(groups), ""] if groups else []),
        "Keys (KEY=VALUE) with their defaults; ??? must be given:",
        *_keys(command),
        "",
        *FLAGS.splitlines(),
    ]
    return "\n".join(lines)


def _groups(groups: dict[str, str]) -> Iterator[str]:
    nested = {f"{group}/{inner.name}": "" for group in groups for inner in sorted((CONF / group).glob("*/"))}
    width = max(map(len, [*groups, *nested])) + 2
    for group, default in {**groups, **nested}.items():
        names = [f"[{choice}]" if choice == default else choice for choice in choices_of(group)]
        if names:
            yield f"  {group:{width}}{' '.join(names)}"


def _keys(command: str) -> Iterator[str]:
    """The command's own keys, then those of each group's default choice."""
    text = (CONF / f"{command}.yaml").read_text(encoding="utf-8")
    if "  - train\n" in text:
        yield from _own(text)
        text = (CONF / "train.yaml").read_text(encoding="utf-8")
    yield from _own(text)
    for group, default in groups_of(command).items():
        file = CONF / group / f"{default}.yaml"
        if default and file.is_file():
            yield f"  {group}:"
            yield from (f"    {line}" for line in _described(file))


def _own(text: str) -> Iterator[str]:
    """The top-level keys of a command's file, without its defaults and Hydra's settings."""
    kept = False
    for line in text.splitlines():
        if line and not line[0].isspace():
            kept = not line.startswith(("#", "defaults:", "hydra:"))
        if kept and line.strip():
            yield f"  {line}"


def _described(file: Path) -> Iterator[str]:
    """The lines of a choice's file that hold keys of its constructor."""
    lines = file.read_text(encoding="utf-8").splitlines()
    skipped = ("#", "_target_", "_partial_", "_convert_", "defaults:", "- ")
    yield from (line for line in lines if line.strip() and not line.strip().startswith(skipped))
