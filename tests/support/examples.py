"""Runs the examples in docstrings."""

from __future__ import annotations

import doctest
import inspect
from types import ModuleType


def exported(package: ModuleType) -> dict[str, object]:
    """The classes and functions that a package exports, by name."""
    names = {name: getattr(package, name) for name in package.__all__}
    return {name: thing for name, thing in names.items() if inspect.isclass(thing) or inspect.isfunction(thing)}


def run_examples(thing: object, name: str) -> int:
    """Runs the examples of an object's own docstring; returns how many there are.

    Raises:
        AssertionError: an example gives something else than it says.
    """
    example = doctest.DocTestParser().get_doctest(
        inspect.getdoc(thing) or "", dict(vars(inspect.getmodule(thing))), name, None, None
    )
    report: list[str] = []
    doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(example, out=report.append)
    assert not report, "".join(report)
    return len(example.examples)
