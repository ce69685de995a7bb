"""The config files: where they are, and which groups and choices there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PACKAGE = Path(__file__).parent.parent
CONF = next(folder for folder in (PACKAGE / "conf", PACKAGE.parent / "conf") if folder.is_dir())
"""The configs: inside an installed package, beside it in a checkout."""
COMMANDS = (
    "train",
    "generate",
    "demo",
    "reconstruct",
    "explore",
    "evaluate",
    "export",
    "report",
    "benchmark",
    "judge_reliability",
    "dataset",
    "judge",
)
EXAMPLES = {
    "train": "+experiment=quickstart",
    "generate": "'captions=[\"a large blue square above 3 small red circles\"]' num_samples=4",
    "demo": "run=RUN_FOLDER",
    "explore": "run=RUN_FOLDER",
    "reconstruct": "'images=outputs/generated/*/0*.png'",
    "evaluate": "run=RUN_FOLDER",
    "export": "run=RUN_FOLDER output=exported",
    "report": "sweep=SWEEP_FOLDER",
    "benchmark": "+experiment=guide",
    "judge_reliability": "output=FOLDER",
    "judge": "images=FOLDER html=true",
    "dataset": "output=FOLDER 'split=[train,val,test]'",
}
"""Arguments that each command is shown with."""
OWN_PICTURES = "+experiment=baseline data=folder data.path=FOLDER"
"""Arguments of a training on own pictures."""
OPTIONAL_GROUPS = ("experiment", "ablation", "generalisation", "debug")
"""Recipes: groups of which nothing is chosen by default."""


def leaves(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a nested mapping with its dotted key.

    Example:
        >>> dict(leaves({"a": {"b": 1}, "c": 2}))
        {'a.b': 1, 'c': 2}
    """
    if isinstance(node, dict) and node:
        for key, value in node.items():
            yield from leaves(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, node


def choices_of(group: str, folders: Sequence[Path] = (CONF,)) -> list[str]:
    """The choices of a group."""
    return sorted({file.stem for folder in folders for file in (folder / group).glob("*.yaml")})


@cache
def groups_of(command: str) -> dict[str, str]:
    """The groups that a command's defaults list has, each with its default choice; empty text where there is none.

    Example:
        >>> groups_of("report")
        {}
    """
    content = yaml.safe_load((CONF / f"{command}.yaml").read_text(encoding="utf-8"))
    groups: dict[str, str] = {}
    for entry in content.get("defaults", []):
        if isinstance(entry, str) and entry != "_self_":
            groups |= groups_of(entry)
        elif isinstance(entry, dict):
            group, choice = next(iter(entry.items()))
            if not group.startswith("override "):
                groups[group] = "" if not choice else str(choice)
    return groups
