"""The documentation site: pages in Markdown (MyST), API pages from the docstrings. `make docs` builds it."""

from __future__ import annotations

import ast
from importlib.metadata import version as installed
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PACKAGE = ROOT / "cvae_lightning"

project = "cvae_lightning"
version = release = installed("cvae-lightning")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "cvae_lightning"
html_copy_source = False
html_show_sourcelink = False
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


def packages() -> list[str]:
    """Every package below `cvae_lightning`, by its full name; the root comes first."""
    folders = sorted(path.parent.relative_to(ROOT) for path in PACKAGE.rglob("__init__.py"))
    return [".".join(folder.parts) for folder in folders]


def page(package: str) -> str:
    """The API page of one package: its exported names, then each of its modules."""
    modules = sorted(file.stem for file in _folder(package).glob("*.py") if not file.stem.startswith("__"))
    if package == PACKAGE.name:
        modules = ["errors"]  # the other modules at the root are commands
    names = [f"- {{py:obj}}`{name} <{home(package, name)}.{name}>`" for name in exported(package)]
    parts = [f"# {package}", _automodule(package, ":no-members:")]
    parts += ["Exported names:\n\n" + "\n".join(names)] if names else []
    for module in modules:
        parts += [f"## {module}", _automodule(f"{package}.{module}")]
    return "\n\n".join(parts) + "\n"


def exported(package: str) -> list[str]:
    """The names in a package's `__all__`; none where it has none."""
    for node in _tree(package).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def home(package: str, name: str) -> str:
    """The module that defines a name which a package exports."""
    for node in ast.walk(_tree(package)):
        if isinstance(node, ast.ImportFrom) and name in [alias.asname or alias.name for alias in node.names]:
            module = str(node.module)
            return home(module, name) if _folder(module).is_dir() else module
    return package


def _folder(package: str) -> Path:
    return ROOT.joinpath(*package.split("."))


def _tree(package: str) -> ast.Module:
    return ast.parse((_folder(package) / "__init__.py").read_text())


def _automodule(name: str, option: str = "") -> str:
    return f"```{{eval-rst}}\n.. automodule:: {name}\n   {option}\n```"


def write_api(app: object) -> None:
    """Write `api/PACKAGE.md` for each package and `api/index.md`, where they differ from what is there."""
    folder = DOCS / "api"
    folder.mkdir(exist_ok=True)
    pages = {f"{package}.md": page(package) for package in packages()}
    contents = "\n".join(packages())
    pages["index.md"] = f"# API\n\nFrom the docstrings, package by package.\n\n```{{toctree}}\n{contents}\n```\n"
    for old in folder.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        file = folder / name
        if not file.exists() or file.read_text() != text:
            file.write_text(text)


def setup(app: object) -> None:
    app.connect("builder-inited", write_api)  # type: ignore[attr-defined]
