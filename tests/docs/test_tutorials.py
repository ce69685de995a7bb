"""The tutorials work: what they write is written, what they run is run."""

import contextlib
import shlex
from pathlib import Path

import pytest
from support import TINY
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


def test_add_a_colour() -> None:
    blocks = code_blocks(DOCS / "tutorials" / "add_a_colour.md", "python")
    exec("\n".join(blocks), {})
