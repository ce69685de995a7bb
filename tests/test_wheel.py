"""An installed package runs from any folder: the configs travel in the wheel."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from conftest import ROOT, TINY


def test_the_wheel_trains_from_any_folder(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    assert (site / "hydra_plugins" / "cvae_lightning_search.py").exists()
    configs = {path.relative_to(ROOT / "conf") for path in (ROOT / "conf").rglob("*.yaml")}
    assert {path.relative_to(site / "cvae_lightning" / "conf") for path in site.rglob("*.yaml")} == configs
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-P", "-m", "cvae_lightning.train", *TINY, "+debug=limit", "hydra.run.dir=run"],
        cwd=elsewhere,
        env=os.environ | {"PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (elsewhere / "run" / "generated_samples.png").exists()
