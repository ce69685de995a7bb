"""The documentation site: pages in Markdown (MyST), API pages from the docstrings. `make docs` builds it."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from generated import links_to_pages, write_pages

project = "cvae_lightning"
version = release = installed("cvae-lightning")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "play"]
html_show_copyright = False
html_theme = "furo"
html_title = "cvae_lightning"
html_copy_source = False
html_show_sourcelink = False
autodoc_mock_imports = ["fastapi", "gradio", "uvicorn"]  # of the extra demo
default_role = "code"
add_module_names = False
suppress_warnings = ["ref.python"]
"""Types in signatures are linked by their short name, which two packages may share. The references of docstrings are
checked against the code itself by tests/docs/test_references.py."""

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_numpy_docstring = False
napoleon_use_ivar = True


def setup(app: object) -> None:
    app.connect("builder-inited", lambda app: write_pages())  # type: ignore[attr-defined]
    app.connect("source-read", links_to_pages)  # type: ignore[attr-defined]
