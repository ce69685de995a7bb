"""A short part of each campaign; ``make campaign`` runs them at length."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

ONE_OF_TWO_PROCESSES, FULL_DISK = "46", "33"
"""Cases that the gate runs: SIGTERM to the second process, then SIGKILL to both; a full disk after validations."""


def campaign(name: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [sys.executable, "-m", f"campaigns.{name}", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )


@pytest.mark.e2e
def test_resumed_runs_are_the_unbroken_ones(tmp_path: Path) -> None:
    arguments = ["--only", ONE_OF_TWO_PROCESSES, "--disks", FULL_DISK]
    done = campaign("kill", *arguments, "--out", "counts.json", "--folder", "campaign", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads((tmp_path / "counts.json").read_text())
    assert counts["runs"] == 2
    assert set(counts["by_signal"]) > {"full disk"}
    assert counts["runs_that_differ"] == counts["orphans"] == 0


def test_what_captions_need_does_not_grow(tmp_path: Path) -> None:
    # In a process of its own: here the files of other tests are open too.
    done = campaign("endurance", "--only", "captions", "--share", "0.0004", "--out", ".", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    growth = json.loads((tmp_path / "metrics.json").read_text())["second_half"]["captions"]
    assert growth["files_change"] == growth["threads_change"] == 0
    assert growth["memory_change"] < 5
