"""An installed package runs from any folder: the wheel holds the configs, and the trained model if there is one."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from support import ROOT, TINY

pytestmark = pytest.mark.e2e

SHIPPED = {"model.safetensors", "config.yaml"}


def build(source: Path, kind: str, folder: Path) -> Path:
    """The folder that an archive of a source tree unpacks to."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (archive,) = folder.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    if kind == "sdist":
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        return next(path for path in folder.iterdir() if path.is_dir())
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(folder / "site")
    return folder / "site"


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def run_installed(site: Path, cwd: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    cwd.mkdir()
    python = [sys.executable, "-P", "-m", f"cvae_lightning.{name}", *arguments]
    environment = os.environ | {"PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"}
    return subprocess.run(python, cwd=cwd, env=environment, capture_output=True, text=True)


def test_the_wheel_trains_from_any_folder(tmp_path: Path) -> None:
    site = build(ROOT, "wheel", tmp_path / "wheel")
    assert (site / "hydra_plugins" / "cvae_lightning_search.py").exists()
    assert files(site / "cvae_lightning" / "conf") == files(ROOT / "conf")
    templates = Path("cvae_lightning") / "reports" / "templates"
    assert files(site / templates) == files(ROOT / templates) != set()
    here = files(ROOT / "experiments" / "flagship")
    assert files(site / "cvae_lightning" / "inference" / "flagship") == SHIPPED & here
    done = run_installed(site, tmp_path / "elsewhere", "train", *TINY, "+debug=limit", "hydra.run.dir=run")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "elsewhere" / "run" / "generated_samples.png").exists()


def test_the_wheel_paints_with_the_trained_model_of_its_checkout(command, tiny_run: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for name in ("cvae_lightning", "hydra_plugins", "conf"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, checkout)
    without = build(checkout, "wheel", tmp_path / "without")
    assert not files(without / "cvae_lightning" / "inference" / "flagship")
    done = command("export", f"run={tiny_run}", "output=experiments/flagship", cwd=checkout)
    assert done.returncode == 0, done.stderr
    site = build(build(checkout, "sdist", tmp_path / "sdist"), "wheel", tmp_path / "with")
    assert files(site / "cvae_lightning" / "inference" / "flagship") == SHIPPED
    painted = run_installed(site, tmp_path / "elsewhere", "generate", 'captions=["a small red star"]', "output=out")
    assert painted.returncode == 0, painted.stderr
    assert f"painted by {site / 'cvae_lightning' / 'inference' / 'flagship' / 'model.safetensors'}" in painted.stderr
