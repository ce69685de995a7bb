"""The examples of docstrings run and give what they say, and every exported class and function has one."""

import contextlib
import doctest
import inspect
from importlib import import_module
from pathlib import Path

from support import ROOT

PACKAGE = ROOT / "cvae_lightning"
SOURCES = [path for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text()]
EXPORTING = [path for path in sorted(PACKAGE.rglob("__init__.py")) if "__all__" in path.read_text()]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def module_of(source: Path) -> str:
    parts = source.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_the_examples_run(tmp_path: Path) -> None:
    for source in SOURCES:
        tests = [test for test in doctest.DocTestFinder().find(import_module(module_of(source))) if test.examples]
        assert tests, source
        for test in tests:
            run_example(test, tmp_path)


def run_example(test: doctest.DocTest, tmp_path: Path) -> None:
    folder = tmp_path / test.name
    folder.mkdir()
    report: list[str] = []
    with contextlib.chdir(folder):
        doctest.DocTestRunner(verbose=False, optionflags=FLAGS).run(test, out=report.append)
    assert not report, "".join(report)


def test_every_exported_class_and_function_has_an_example() -> None:
    modules = [import_module(module_of(source)) for source in EXPORTING]
    exported = {(module.__name__, name): getattr(module, name) for module in modules for name in module.__all__}
    described = {name: item for name, item in exported.items() if inspect.isclass(item) or inspect.isfunction(item)}
    assert [name for name, item in described.items() if ">>> " not in (inspect.getdoc(item) or "")] == []
