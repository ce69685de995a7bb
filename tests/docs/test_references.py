"""What docstrings refer to exists, what pages link to exists, and what pages list is complete."""

import ast
import builtins
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

from support import ROOT
from support.docs import DOCS, PAGES, TUTORIALS

PACKAGE = ROOT / "cvae_lightning"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__main__.py")
ROLE = re.compile(r":(?:py:)?(?:class|func|meth|mod|data|attr|exc|obj):`(?:[^`<]*<)?[~!]?([\w.]+)(?:\(\))?>?`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
MARKDOWN = [*PAGES, *TUTORIALS, DOCS / "guide.md", DOCS / "log.md"]
MARKDOWN += [ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")]
MARKDOWN += sorted((ROOT / "experiments").glob("*/README.md"))


def module_of(source: Path) -> str:
    parts = source.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def resolves(name: str, module: ModuleType, classes: list[str]) -> bool:
    """Whether a reference is a name of the module, of one of its classes, or a full name."""
    if name.startswith("."):
        name = f"{module.__package__}{name}"
    package = import_module(module.__package__ or module.__name__)
    owners = [module, package, *(getattr(module, cls) for cls in classes if hasattr(module, cls)), builtins]
    if any(found(owner, name.split(".")) for owner in owners):
        return True
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            owner = import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        return found(owner, parts[cut:])
    return False


def found(owner: object, path: list[str]) -> bool:
    for name in path:
        if not (hasattr(owner, name) or name in getattr(owner, "__annotations__", {})):
            return False
        owner = getattr(owner, name, None)
    return True


def test_the_references_of_docstrings_exist() -> None:
    missing = {source: broken for source in SOURCES if (broken := broken_references(source))}
    assert missing == {}


def broken_references(source: Path) -> list[str]:
    """The names that a file's docstrings refer to and that do not exist."""
    text = source.read_text()
    names = ROLE.findall(text)
    if not names:
        return []
    module = import_module(module_of(source))
    classes = [node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]
    return [name for name in names if not resolves(name, module, classes)]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and MyST make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_links_of_pages_exist() -> None:
    for page in MARKDOWN:
        for link in LINK.findall(page.read_text()):
            if "://" in link:
                continue
            name, _, anchor = unquote(link).partition("#")
            target = page.parent / name if name else page
            assert target.exists(), (page, link)
            assert not anchor or anchor in anchors(target), (page, link)
