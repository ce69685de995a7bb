"""Arrows run one way, and nothing of a machine is written into the project."""

import ast
import subprocess
from pathlib import Path

from support import ROOT

PACKAGE = ROOT / "cvae_lightning"
MAY_IMPORT = {
    "errors": {"spelling"},
    "spelling": set(),
    "lazy": set(),
    "release": set(),
    "type_hints": set(),
    "runs": {"errors"},
    "world": {"spelling"},
    "captioned_images": {"world", "runs", "errors"},
    "models": {"type_hints"},
    "pictures": set(),
    "testing": {"models"},
    "data": {"world", "models", "captioned_images", "runs", "errors", "lazy"},
    "inference": {"world", "data", "models", "pictures", "runs", "errors"},
    "evaluation": {"world", "captioned_images", "data", "models", "inference", "runs", "errors"},
    "web": {"spelling", "world", "data", "models", "inference", "runs", "errors"},
    "hub": {"data", "models", "inference", "reports", "runs", "errors"},
    "sweeps": {"runs", "errors"},
    "reports": {"evaluation", "captioned_images", "pictures", "world", "runs", "sweeps", "errors"},
    "cli": {"errors", "type_hints", "sweeps", "runs", "world", "release"},
    "training": {
        *("world", "data", "models", "pictures", "evaluation", "inference"),
        *("reports", "sweeps", "cli", "runs", "errors"),
    },
    "commands": {
        *("world", "data", "models", "captioned_images", "inference", "evaluation"),
        *("reports", "training", "sweeps", "web", "cli", "runs", "errors"),
    },
    "__init__": {"world", "data", "models", "inference", "evaluation", "training", "lazy", "release"},
    "__main__": {"cli"},
}
"""What each folder or file of the package may import of the package."""
COMMANDS = sorted(file.stem for file in (PACKAGE / "commands").glob("*.py") if file.stem != "__init__")
COMMAND_LINES = 40
FILE_LINES = 260


def test_every_folder_has_its_row() -> None:
    folders = {file.parent.name for file in PACKAGE.glob("*/__init__.py")}
    files = {file.stem for file in PACKAGE.glob("*.py")} - set(COMMANDS)
    assert folders | files == set(MAY_IMPORT)


def test_a_command_is_short_and_calls_no_other_command() -> None:
    for name in COMMANDS:
        start, work = PACKAGE / f"{name}.py", PACKAGE / "commands" / f"{name}.py"
        assert imported(start) == {"cli"}, name
        assert len(work.read_text().splitlines()) <= COMMAND_LINES, name
        assert (ROOT / "conf" / f"{name}.yaml").is_file(), name


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cvae_lightning"):
            parts = node.module.split(".")[1:]
            names |= {parts[0]} if parts else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("cvae_lightning.")}
    return names


def test_arrows_run_one_way() -> None:
    for folder, allowed in MAY_IMPORT.items():
        home = PACKAGE / folder
        for file in home.rglob("*.py") if home.is_dir() else [PACKAGE / f"{folder}.py"]:
            assert imported(file) - {folder} <= allowed, file


def test_the_world_knows_no_torch_and_models_know_no_lightning() -> None:
    for folder, banned in (("world", ("torch", "pytorch_lightning")), ("models", ("pytorch_lightning", "hydra"))):
        for file in (PACKAGE / folder).rglob("*.py"):
            roots = {
                name.split(".")[0]
                for node in ast.walk(ast.parse(file.read_text()))
                for name in (
                    [alias.name for alias in node.names]
                    if isinstance(node, ast.Import)
                    else [node.module or ""]
                    if isinstance(node, ast.ImportFrom)
                    else []
                )
            }
            assert not roots & set(banned), file


def test_files_are_short() -> None:
    lengths = {file: len(file.read_text().splitlines()) for file in PACKAGE.rglob("*.py")}
    assert {file: length for file, length in lengths.items() if length > FILE_LINES} == {}


def test_figures_need_no_backend() -> None:
    """pyplot asks for the backend that MPLBACKEND names, which a notebook's shell sets and its programs lack."""
    assert [file for file in PACKAGE.rglob("*.py") if "pyplot" in file.read_text()] == []


def test_no_machine_is_named() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    banned = ("/wor" + "k/", "/ro" + "ot/", "index" + "-url", "/ho" + "me/")
    for name in listed:
        file = ROOT / name
        if file.suffix in (".py", ".yaml", ".md", ".toml", ".txt", ".json", "") and file.is_file():
            text = file.read_text(errors="ignore")
            assert not [word for word in banned if word in text], name
