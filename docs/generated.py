"""The pages that the site makes by itself: the API from the docstrings, and the finished experiments."""

from __future__ import annotations

import ast
import re
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PACKAGE = ROOT / "cvae_lightning"
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)]+)\)")
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")


def write_pages() -> None:
    """Write `docs/api/` and `docs/results/`, where they differ from what is there."""
    experiments = sorted(path.parent.name for path in (ROOT / "experiments").glob("*/README.md"))
    _write("api", "API", "From the docstrings, package by package.", {name: api_page(name) for name in packages()})
    opening = "Finished experiments, with command, seed, machine, numbers and pictures."
    _write("results", "Experiments", opening, {name: experiment_page(name) for name in experiments})


def _write(folder: str, title: str, opening: str, pages: dict[str, str]) -> None:
    contents = "\n".join(pages)
    texts = pages | {"index": f"# {title}\n\n{opening}\n\n```{{toctree}}\n:maxdepth: 1\n{contents}\n```\n"}
    home = DOCS / folder
    home.mkdir(exist_ok=True)
    for old in home.glob("*.md"):
        if old.stem not in texts:
            old.unlink()
    for name, text in texts.items():
        file = home / f"{name}.md"
        if not file.exists() or file.read_text() != text:
            file.write_text(text)


def experiment_page(name: str) -> str:
    """An experiment's README with its pictures; what the site does not have is named but not linked."""
    text = (ROOT / "experiments" / name / "README.md").read_text()
    text = LINK.sub(lambda link: _experiment_link(*link.groups()), text)
    return IMAGE.sub(rf"![\1](../../experiments/{name}/\2)", text)


def _experiment_link(words: str, target: str) -> str:
    other = re.fullmatch(r"\.\./(\w+)/README\.md", target)
    return f"[{words}]({other[1]}.md)" if other else words


def links_to_pages(app: object, name: str, source: list[str]) -> None:
    """Let the links of pages to `experiments/NAME/README.md` lead to the site's own page of it."""
    source[0] = re.sub(r"\]\(((?:\.\./)*)\.\./experiments/(\w+)/README\.md\)", r"](\1results/\2.md)", source[0])


def packages() -> list[str]:
    """Every package below `cvae_lightning`, by its full name; the root comes first."""
    folders = sorted(path.parent.relative_to(ROOT) for path in PACKAGE.rglob("__init__.py"))
    return [".".join(folder.parts) for folder in folders]


def api_page(package: str) -> str:
    """The API page of one package: its exported names, then each of its modules."""
    modules = sorted(file.stem for file in _folder(package).glob("*.py") if not file.stem.startswith("__"))
    if package == PACKAGE.name:
        modules = ["errors", "testing"]  # the other modules at the root are commands
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
