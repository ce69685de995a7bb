"""The record names what the user did and the code that did it, wherever the process runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

from cvae_lightning.runs import claim, environment, provenance, shell_command


@pytest.mark.parametrize(
    ("argv", "command"),
    [
        ([str(ROOT / "cvae_lightning" / "train.py"), "name=a b"], "python -m cvae_lightning.train 'name=a b'"),
        (["/elsewhere/study.py", "3"], "study.py 3"),
        (["/elsewhere/train.py"], "train.py"),
    ],
)
def test_the_command_is_the_users(monkeypatch: pytest.MonkeyPatch, argv: list[str], command: str) -> None:
    monkeypatch.setattr(sys, "argv", argv)
    assert environment()["command"] == command


def test_a_job_of_a_sweep_is_recorded_by_its_own_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["/elsewhere/submitit/core/_submit.py", "folder"])
    claim(tmp_path, {}, ["seed=1"], resumed=False, command=shell_command(["seed=1"]))
    assert json.loads((tmp_path / "environment.json").read_text())["command"] == "python -m cvae_lightning.train seed=1"


def test_the_commit_of_another_project_is_not_taken_for_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "theirs"], check=True)
    package = tmp_path / "env" / "site-packages" / "cvae_lightning"
    package.mkdir(parents=True)
    monkeypatch.setattr(provenance, "PACKAGE", package)
    assert environment()["git"] == {"commit": None, "changes": None}
    monkeypatch.setattr(provenance, "PACKAGE", tmp_path / "cvae_lightning")
    (tmp_path / "cvae_lightning").mkdir()
    assert len(environment()["git"]["commit"]) == 40
