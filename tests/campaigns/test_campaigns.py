"""A short part of each campaign; ``make campaign`` runs them at length."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

from campaigns.endurance import captions
from campaigns.meter import growth

ONE_OF_TWO_PROCESSES, FULL_DISK = "46", "33"
"""Cases that the gate runs: SIGTERM to the second process, then SIGKILL to both; a full disk after validations."""


@pytest.mark.e2e
def test_resumed_runs_are_the_unbroken_ones(tmp_path: Path) -> None:
    arguments = ["--only", ONE_OF_TWO_PROCESSES, "--disks", FULL_DISK]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-m", "campaigns.kill", *arguments, "--out", "counts.json", "--folder", "campaign"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads((tmp_path / "counts.json").read_text())
    assert counts["runs"] == 2
    assert set(counts["by_signal"]) > {"full disk"}
    assert counts["runs_that_differ"] == counts["orphans"] == 0


def test_what_captions_need_does_not_grow(tmp_path: Path) -> None:
    ((_, samples),) = captions(400, tmp_path).items()
    assert growth(samples)["files_change"] == growth(samples)["threads_change"] == 0
    assert growth(samples)["memory_change"] < 5
