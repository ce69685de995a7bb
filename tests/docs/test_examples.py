"""The examples of docstrings run and give what they say; every exported name has one."""

import contextlib
import doctest
import inspect
from importlib import import_module
from pathlib import Path

import pytest
from support import ROOT

PACKAGE = ROOT / "cvae_lightning"
SOURCES = [path for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text()]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_the_examples_run(source: Path, tmp_path: Path) -> None:
    parts = source.relative_to(ROOT).with_suffix("").parts
    module = import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    with contextlib.chdir(tmp_path):
        result = doctest.testmod(module, optionflags=FLAGS)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("package", ["world", "data"])
def test_every_exported_class_and_function_has_an_example(package: str) -> None:
    module = import_module(f"cvae_lightning.{package}")
    exported = {name: getattr(module, name) for name in module.__all__}
    described = {name: item for name, item in exported.items() if inspect.isclass(item) or inspect.isfunction(item)}
    assert [name for name, item in described.items() if ">>> " not in (inspect.getdoc(item) or "")] == []
