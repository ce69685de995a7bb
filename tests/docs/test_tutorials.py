"""The tutorials work: what they write is written, what they run is run."""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT, TINY
from support.docs import DOCS, code_blocks, commands

pytestmark = pytest.mark.e2e


def test_add_a_prior(command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = DOCS / "tutorials" / "add_a_prior.md"
    part, load, *laws = code_blocks(page, "python")
    (config,) = code_blocks(page, "yaml")
    (line,) = commands(page)
    (tmp_path / "my_parts.py").write_text(part)
    (tmp_path / "my_conf" / "prior").mkdir(parents=True)
    (tmp_path / "my_conf" / "prior" / "scaled.yaml").write_text(config)
    monkeypatch.syspath_prepend(tmp_path)
    done = command("train", *shlex.split(line)[3:], *TINY, "trainer.max_epochs=1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with contextlib.chdir(tmp_path):
        exec(load, {})
        for law in laws:
            exec(law, {})
    assert (tmp_path / "scaled.png").exists()


def test_add_a_colour(tmp_path: Path) -> None:
    page = DOCS / "tutorials" / "add_a_colour.md"
    (line,) = code_blocks(page, "text")
    shutil.copytree(ROOT / "cvae_lightning" / "world", tmp_path / "cvae_lightning" / "world")
    (tmp_path / "cvae_lightning" / "__init__.py").touch()
    scene = tmp_path / "cvae_lightning" / "world" / "scene.py"
    text, count = re.subn(r'(    "black": \(.*\),\n)', rf"\1{line}", scene.read_text())
    assert count == 1
    scene.write_text(text)
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    for block in code_blocks(page, "python"):
        python = [sys.executable, "-c", block]
        done = subprocess.run(python, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
