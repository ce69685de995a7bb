"""The examples of docstrings run and give what they say."""

import contextlib
import doctest
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
