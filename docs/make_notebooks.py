"""Run the notebooks in notebooks/*.py and write each as a page with its outputs: notebooks/NAME.md and its pictures.

A notebook is a Python file in the percent format, which Jupyter (with jupytext), VS Code, PyCharm and Spyder open:
``# %%`` begins a cell, ``# %% [markdown]`` one of text. Cells are run here as IPython runs them: one after the other in
one namespace, and the value of a last expression is shown, by its ``_repr_png_`` where it has one. No kernel is needed.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).parent / "notebooks"
MARKER = re.compile(r"^# %%(?P<kind> \[markdown\])?$", flags=re.MULTILINE)
FOOTER = """---

This page is a notebook with its outputs. Its cells are in `docs/notebooks/{name}.py`, which opens in VS Code, PyCharm
and Spyder as it is, and in Jupyter with jupytext."""
OUTPUT = re.compile(r"\n\n(?:```text\n.*?\n```|!\[[^\n]*\]\(images/[^\n]*\))(?=\n)", flags=re.DOTALL)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: Python, or Markdown without its comment signs."""

    is_code: bool
    source: str


@dataclass(frozen=True, slots=True)
class Output:
    """What a cell of code showed: what it printed, and its last value as text and, where it has one, as a PNG."""

    printed: str = ""
    value: str = ""
    png: bytes | None = None


def cells_of(text: str) -> list[Cell]:
    """The cells of a notebook in the percent format; what is before the first marker is not one."""
    marks = list(MARKER.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    found = []
    for mark, end in zip(marks, ends, strict=True):
        source = text[mark.end() : end].strip("\n")
        if mark["kind"]:
            source = re.sub(r"^# ?", "", source, flags=re.MULTILINE)
        found.append(Cell(not mark["kind"], source))
    return found


def run(cells: Sequence[Cell], name: str) -> list[Output]:
    """Run the cells of code in the current folder; as many outputs as there are of them.

    Raises:
        Exception: a cell's own; a note names the notebook and the cell.
    """
    namespace: dict[str, Any] = {"__name__": "__main__"}
    outputs = []
    for number, cell in enumerate((cell for cell in cells if cell.is_code), 1):
        try:
            outputs.append(_run_cell(cell.source, f"{name}[{number}]", namespace))
        except Exception as error:
            error.add_note(f"in cell {number} of {name}:\n{cell.source}")
            raise
    return outputs


def _run_cell(source: str, name: str, namespace: dict[str, Any]) -> Output:
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, name, "exec"), namespace)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), name, "eval"), namespace)
    png = value._repr_png_() if hasattr(value, "_repr_png_") else None
    return Output(printed.getvalue().rstrip("\n"), "" if value is None else repr(value), png)


def page(cells: Sequence[Cell], outputs: Sequence[Output], name: str) -> str:
    """A notebook as Markdown; picture k of it is ``images/NAME_k.png``."""
    parts, shown, pictures = [], iter(outputs), 0
    for cell in cells:
        parts.append(f"```python\n{cell.source}\n```" if cell.is_code else cell.source)
        output = next(shown) if cell.is_code and outputs else Output()
        text = "\n".join(filter(None, (output.printed, "" if output.png else output.value)))
        parts += [f"```text\n{text}\n```"] if text else []
        if output.png:
            pictures += 1
            alt = re.sub(r"[\[\]]", "", output.value if "<" not in output.value else "what the cell shows")
            parts.append(f"![{alt}](images/{name}_{pictures}.png)")
    return "\n\n".join([*parts, FOOTER.format(name=name)]) + "\n"


def without_outputs(text: str) -> str:
    """A page without what its cells showed."""
    return OUTPUT.sub("", text)


def write(file: Path) -> None:
    """Run a notebook in an empty folder and write its page and pictures."""
    cells = cells_of(file.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        outputs = run(cells, file.stem)
    images = file.parent / "images"
    images.mkdir(exist_ok=True)
    for old in images.glob(f"{file.stem}_*.png"):
        old.unlink()
    for number, png in enumerate((output.png for output in outputs if output.png), 1):
        (images / f"{file.stem}_{number}.png").write_bytes(png)
    file.with_suffix(".md").write_text(page(cells, outputs, file.stem), encoding="utf-8")


if __name__ == "__main__":
    for file in sorted(NOTEBOOKS.glob("*.py")):
        if not sys.argv[1:] or file.stem in sys.argv[1:]:
            write(file)
