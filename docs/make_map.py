"""Write the README's map of folders, from the first sentence of each package's docstring."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "cvae_lightning"
OTHERS = {
    "conf/": "Hydra's groups, one per part; an experiment is a short diff in `conf/experiment/`",
    "experiments/": "finished experiments with command, seed, machine, numbers and pictures",
    "docs/": "the documentation, this page's pictures and the log of what was tried",
    "tests/": "laws, pixels, every experiment, the commands of every page",
}


def table() -> str:
    """The map as a Markdown table: the packages of the first level, then the other folders."""
    rows = {f"{init.parent.relative_to(ROOT)}/": summary(init) for init in sorted(PACKAGE.glob("*/__init__.py"))}
    lines = [f"| `{folder}` | {words} |" for folder, words in {**rows, **OTHERS}.items()]
    return "\n".join(["| folder | what it holds |", "|---|---|", *lines])


def summary(init: Path) -> str:
    """The first line of a package's docstring, without its full stop."""
    return (ast.get_docstring(ast.parse(init.read_text())) or "").splitlines()[0].rstrip(".")


if __name__ == "__main__":
    readme = ROOT / "README.md"
    pattern = r"\| folder \| what it holds \|\n\|---\|---\|\n(\|.*\|\n)*"
    readme.write_text(re.sub(pattern, lambda _: f"{table()}\n", readme.read_text()))
