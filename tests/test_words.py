"""Names and prose are plain: the project's old private words are refused.

A word is refused in a name where it stands alone or between underscores or capitals: `seen`, `is_seen`, `SeenThings`.
The keys and files of earlier releases are strings and are not names.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import yaml
from support import ROOT
from support.docs import PAGES, TUTORIALS

IDENTIFIERS = {
    *("told", "seen", "said", "looks", "nobody", "somebody", "lesson", "anew"),
    *("dear", "heard", "unheard", "felt", "whoever"),
}
PROSE = re.compile(r"\b(whoever|anew|heed(s|ed)?|dear(er|est)?|nobody|somebody)\b", flags=re.IGNORECASE)
PYTHON = sorted(
    file for folder in ("cvae_lightning", "hydra_plugins", "tests", "docs") for file in (ROOT / folder).rglob("*.py")
)
CONFIGS = sorted((ROOT / "conf").rglob("*.yaml"))
WRITTEN = [file for file in PYTHON if "tests" not in file.relative_to(ROOT).parts] + CONFIGS + PAGES + TUTORIALS
OLD_NAMES = {"cvae_lightning/inference/format_1.py", "cvae_lightning/cli/renamed.py"}
"""Files that map the names of earlier releases to those of today."""


def words(name: str) -> set[str]:
    """The words of a name, in lower case."""
    return {word.lower() for word in re.split(r"[_.\W]|(?<=[a-z])(?=[A-Z])", name)}


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The line and name of every identifier of a program."""
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Name):
            yield line, node.id
        elif isinstance(node, ast.Attribute):
            yield line, node.attr
        elif isinstance(node, ast.arg | ast.keyword):
            yield line, node.arg or ""
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield line, node.name
        elif isinstance(node, ast.alias):
            yield line, f"{node.name}.{node.asname or ''}"


def keys(config: Any) -> Iterator[str]:
    """Every key of a config, however deep."""
    if isinstance(config, dict):
        for key, value in config.items():
            yield str(key)
            yield from keys(value)
    elif isinstance(config, list):
        for value in config:
            yield from keys(value)


def test_words_of_names_are_found() -> None:
    tree = ast.parse("class SeenThings:\n    def is_told(self, said=1): return self.looks_like(anew=said)")
    assert {name for _, name in names(tree) if words(name) & IDENTIFIERS} == {
        "SeenThings",
        "is_told",
        "said",
        "looks_like",
        "anew",
    }
    assert not words("lessons_unseen_dearth") & IDENTIFIERS


def test_names_in_programs_are_plain() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line} {name}"
        for file in PYTHON
        for line, name in names(ast.parse(file.read_text()))
        if words(name) & IDENTIFIERS
    ]
    assert found == []


def test_names_of_files_and_config_keys_are_plain() -> None:
    paths = [str(file.relative_to(ROOT)) for file in (*PYTHON, *CONFIGS)]
    assert [path for path in paths if words(path) & IDENTIFIERS] == []
    found = [(file.name, key) for file in CONFIGS for key in keys(yaml.safe_load(file.read_text()))]
    assert [(file, key) for file, key in found if words(key) & IDENTIFIERS] == []


def test_docstrings_messages_comments_and_pages_are_plain() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number} {match.group()}"
        for file in dict.fromkeys(WRITTEN)
        if str(file.relative_to(ROOT)) not in OLD_NAMES
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if (match := PROSE.search(line))
    ]
    assert found == []
