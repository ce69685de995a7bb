"""The config files: where they are, and which groups and choices there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent.parent
CONF = next(folder for folder in (PACKAGE / "conf", PACKAGE.parent / "conf") if folder.is_dir())
"""The configs: inside an installed package, beside it in a checkout."""
COMMANDS = (
    "train",
    "generate",
    "reconstruct",
    "evaluate",
    "export",
    "report",
    "benchmark",
    "judge_reliability",
    "dataset",
    "judge",
)
OPTIONAL_GROUPS = ("experiment", "ablation", "debug")
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
