"""JSON and YAML files of a run or a sweep as plain data; a damaged or malicious one is refused by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from cvae_lightning.errors import UserError

MOST_BYTES = 50_000_000
"""A larger file was not written by this package."""
MOST_VALUES = 1_000_000
"""YAML can repeat a value by its name: a file of a few hundred bytes may stand for billions of values."""


def read_plain(path: Path) -> Any:
    """The content of a JSON or YAML file; None where there is no file.

    Raises:
        UserError: the file cannot be read, or holds more than a run writes.

    Example:
        >>> _ = Path("list.json").write_text("[1, 2]")
        >>> read_plain(Path("list.json")), read_plain(Path("absent.json"))
        ([1, 2], None)
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UserError(f"{path} cannot be read: it is larger than {MOST_BYTES // 1_000_000} MB")
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        count = sum(1 for _ in _values(content))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError, RecursionError, ValueError, yaml.YAMLError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{path} cannot be read: {_first_line(error)}") from error
    if count > MOST_VALUES:
        raise UserError(f"{path} cannot be read: it stands for more than {MOST_VALUES:,} values")
    return content


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping that a JSON or YAML file holds; empty where there is no file.

    Raises:
        UserError: the file cannot be read, or holds something else.

    Example:
        >>> _ = Path("config.yaml").write_text("seed: 1")
        >>> read_mapping(Path("config.yaml")), read_mapping(Path("absent.yaml"))
        ({'seed': 1}, {})
    """
    content = read_plain(path)
    if content is None and not path.exists():
        return {}
    if not isinstance(content, dict):
        kind = "nothing" if content is None else f"a {type(content).__name__}"
        raise UserError(f"{path} cannot be read: expected names with values, found {kind}")
    return {str(key): value for key, value in content.items()}


def _values(content: Any) -> Iterator[Any]:
    """Every value within plain data, up to one more than are allowed."""
    waiting, count = [content], 0
    while waiting and count <= MOST_VALUES:
        value = waiting.pop()
        count += 1
        yield value
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2]) or type(error).__name__
