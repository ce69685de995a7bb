"""Inside the package every function that depends on a world is given one, so that none is assumed by default."""

import ast
from pathlib import Path

from support import ROOT

FUNCTIONS = {
    "bounding_box",
    "captioned_scene",
    "captioned_scenes",
    "check_group",
    "check_meaning",
    "check_scene",
    "check_split",
    "complete_meaning",
    "describe",
    "describe_group",
    "detect",
    "instance_mask",
    "judge",
    "parse",
    "render",
    "sample",
    "sample_meaning",
    "sample_scene",
    "scene_rng",
    "split_contains",
    "verdict",
}


def without_a_world(file: Path) -> list[str]:
    """Uses of functions of the world that are not calls with ``world=``."""
    tree = ast.parse(file.read_text())
    known = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cvae_lightning.world")
        for alias in node.names
        if alias.name in FUNCTIONS
    }
    if file.parent.name in ("world", "vision"):
        known |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in FUNCTIONS}
    right = {
        id(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and any(keyword.arg == "world" for keyword in node.keywords)
    }
    return [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.id}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in known and id(node) not in right
    ]


def test_every_use_passes_a_world() -> None:
    assert [use for file in (ROOT / "cvae_lightning").rglob("*.py") for use in without_a_world(file)] == []
