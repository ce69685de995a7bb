"""What the documentation's tests share: its pages, their code blocks and commands."""

from __future__ import annotations

import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from support import ROOT

DOCS = ROOT / "docs"
TUTORIALS = sorted((DOCS / "tutorials").glob("*.md"))
PAGES = [ROOT / "README.md", *sorted(path for path in DOCS.glob("*.md") if path.stem not in ("guide", "log"))]
"""The README and the pages that are about this package: not the guide, which is quoted, nor the log, which is past."""


def code_blocks(page: Path, language: str) -> list[str]:
    """The page's fenced blocks of this language."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), flags=re.DOTALL)


def commands(page: Path) -> list[str]:
    """The lines of the page's bash blocks that run the package."""
    lines = (line for block in code_blocks(page, "bash") for line in block.splitlines())
    return [line for line in lines if line.startswith("python -m cvae_lightning.")]


def script(name: str) -> ModuleType:
    """A program of the documentation as a module."""
    spec = spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
