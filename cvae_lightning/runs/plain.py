"""JSON and YAML files of a run or a sweep as plain data; a damaged or malicious one is refused by name."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from cvae_lightning.errors import UserError

MOST_BYTES, MOST_YAML_BYTES = 50_000_000, 1_000_000
"""A larger file was not written by this package; YAML is read slowly, and what is written as YAML is short."""
MOST_VALUES = 1_000_000
"""YAML can repeat a value by its name: a file of a few hundred bytes may stand for billions of values."""
DEEPEST = 64
"""Lists and mappings within each other."""
PLAIN = (str, int, float, bool, type(None))


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
        check_size(path, MOST_BYTES if path.suffix == ".json" else MOST_YAML_BYTES)
        text = path.read_text(encoding="utf-8")
        content = parse_json(text) if path.suffix == ".json" else yaml.load(text, PlainLoader)
        _check_values(content)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, RecursionError, ValueError, TypeError, AttributeError, yaml.YAMLError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{path} cannot be read: {_first_line(error)}") from error
    return content


def check_size(path: Path, most: int) -> None:
    """Raise where a file has more bytes than it may have, or is a pipe or a device, which may have no end.

    Raises:
        UserError: it cannot be read whole.
        OSError: there is no such file.
    """
    info = path.stat()
    if not stat.S_ISREG(info.st_mode):
        raise UserError(f"{path} cannot be read: it is not a file")
    if info.st_size > most:
        raise UserError(f"{path} cannot be read: it is larger than {most // 1_000_000} MB")


def read_mapping(path: Path, kinds: Mapping[str, type | tuple[type, ...]] | None = None) -> dict[str, Any]:
    """The mapping that a JSON or YAML file holds; empty where there is no file.

    Args:
        path: the file.
        kinds: what some names must have as their value, where the file has the name.

    Raises:
        UserError: the file cannot be read, or holds something else.

    Example:
        >>> _ = Path("config.yaml").write_text("seed: 1")
        >>> read_mapping(Path("config.yaml")), read_mapping(Path("absent.yaml"))
        ({'seed': 1}, {})
        >>> read_mapping(Path("config.yaml"), {"seed": str})
        Traceback (most recent call last):
        cvae_lightning.errors.UserError: config.yaml cannot be read: its 'seed' is of type int, which is not...
    """
    content = read_plain(path)
    if content is None and not path.exists():
        return {}
    if not isinstance(content, dict):
        found = "nothing" if content is None else f"a {type(content).__name__}"
        raise UserError(f"{path} cannot be read: expected names with values, found {found}")
    for name, kind in (kinds or {}).items():
        if name in content and not isinstance(content[name], kind):
            found = type(content[name]).__name__
            raise UserError(
                f"{path} cannot be read: its {name!r} is of type {found}, which is not what is written there"
            )
    return {str(key): value for key, value in content.items()}


@contextmanager
def content_of(path: Path) -> Iterator[None]:
    """Say of an error in the block that a file's content is not what this package writes.

    Raises:
        UserError: in place of the error that values of another kind, or absent ones, lead to.

    Example:
        >>> with content_of(Path("evaluation.json")):
        ...     {}["splits"]
        Traceback (most recent call last):
        cvae_lightning.errors.UserError: evaluation.json is not what this package writes: KeyError: 'splits'
    """
    try:
        yield
    except UserError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        reason = f"{type(error).__name__}: {_first_line(error)}"
        raise UserError(f"{path} is not what this package writes: {reason[:200]}") from error


def parse_json(text: str) -> Any:
    """JSON in which no name is twice, since two readers of such a text may read two different contents.

    Raises:
        ValueError: the text is not JSON, or has a name twice.
        RecursionError: it is nested too deep.

    Example:
        >>> parse_json('{"a": 1, "a": 2}')
        Traceback (most recent call last):
        ValueError: 'a' is in it twice
    """
    return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        earlier: set[str] = set()
        twice = next(name for name, _ in pairs if name in earlier or earlier.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"{twice[:80]!r} is in it twice")
    return content


class PlainLoader(yaml.SafeLoader):
    """YAML's safe loader without merge keys, which can make a short text stand for more than memory holds."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Refuse ``<<``.

        Raises:
            yaml.constructor.ConstructorError: there is one.
        """
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(None, None, "it has a merge key (<<)", key.start_mark)


def _check_values(content: Any) -> None:
    """Raise where plain data is too much, too deep, or not plain.

    Raises:
        ValueError: it is.
    """
    waiting, count = [(content, 0)], 0
    while waiting:
        value, depth = waiting.pop()
        count += 1
        if count > MOST_VALUES:
            raise ValueError(f"it stands for more than {MOST_VALUES:,} values")
        if depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} deep")
        if isinstance(value, dict):
            waiting += [(item, depth + 1) for item in value.values()]
        elif isinstance(value, list):
            waiting += [(item, depth + 1) for item in value]
        elif not isinstance(value, PLAIN):
            raise ValueError(f"it has a value of type {type(value).__name__}")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2]) or type(error).__name__
