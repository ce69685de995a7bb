"""The notebooks run, cell by cell, and their pages are of the cells as they are."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest
from PIL import Image
from support.docs import DOCS, script

NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.py"))
notebooks = script("make_notebooks")


@pytest.mark.slow  # two of them train
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_runs_and_its_page_shows_what_it_shows(file: Path, tmp_path: Path) -> None:
    cells = notebooks.cells_of(file.read_text())
    with contextlib.chdir(tmp_path):
        outputs = notebooks.run(cells, file.stem)
    page = file.with_suffix(".md").read_text()
    fresh = notebooks.page(cells, outputs, file.stem)
    assert notebooks.without_outputs(page) == notebooks.without_outputs(fresh), "write it with docs/make_notebooks.py"
    names = re.findall(r"\(images/(\S+\.png)\)", page)
    pictures = [Image.open(io.BytesIO(output.png)) for output in outputs if output.png]
    assert len(pictures) >= 1
    for name, picture in zip(names, pictures, strict=True):
        assert Image.open(DOCS / "notebooks" / "images" / name).size == picture.size


def test_every_notebook_is_in_the_index() -> None:
    index = (DOCS / "index.md").read_text()
    assert len(NOTEBOOKS) == 5
    assert all(f"notebooks/{file.stem}\n" in index for file in NOTEBOOKS)


def test_cells_run_in_one_namespace_and_the_last_value_is_shown() -> None:
    cells = notebooks.cells_of(
        "# %% [markdown]\n# # Title\n#\n# text\n\n# %%\nx = 2\nprint(x)\n\n# %%\nx + 1\n\n# %%\nx = 3\n"
    )
    assert [cell.source for cell in cells] == ["# Title\n\ntext", "x = 2\nprint(x)", "x + 1", "x = 3"]
    outputs = notebooks.run(cells, "one")
    assert [(output.printed, output.value) for output in outputs] == [("2", ""), ("", "3"), ("", "")]
    assert "```python\nx + 1\n```\n\n```text\n3\n```" in notebooks.page(cells, outputs, "one")


def test_a_cell_that_fails_is_named() -> None:
    with pytest.raises(ZeroDivisionError) as error:
        notebooks.run(notebooks.cells_of("# %%\n1\n\n# %%\n1 / 0\n"), "one")
    assert error.value.__notes__[0].startswith("in cell 2 of one:")
