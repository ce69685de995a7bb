"""The tutorials work: what they write is written, what they run is run."""

import contextlib
import re
import shlex
import sys
from pathlib import Path

import pytest
from support import TINY
from support.docs import DOCS, code_blocks, commands

from cvae_lightning.models.serialization import PARTS

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


def test_extend(command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = DOCS / "extend.md"
    training, parts, load, laws = code_blocks(page, "python")
    assert len([line for line in training.splitlines() if line.strip()]) <= 15
    (tmp_path / "my_parts.py").write_text(parts)
    monkeypatch.delitem(sys.modules, "my_parts", raising=False)  # the other tutorial's
    names = re.findall(r"`(my_conf/\S+\.yaml)`", page.read_text())
    for name, config in zip(names, code_blocks(page, "yaml"), strict=True):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(config)
    monkeypatch.syspath_prepend(tmp_path)
    train, *reading = commands(page)
    tiny = [one for one in TINY if not one.startswith("text_encoder.")]
    done = command("train", *shlex.split(train)[3:], *tiny, "trainer.max_epochs=1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "train/ink_error" in (tmp_path / "outputs" / "mine" / "metrics.csv").read_text()

    # A process that has not imported the parts refuses the model; what imports= names is imported before it is loaded.
    for name in ("BagOfWords", "ShiftedPrior"):
        monkeypatch.delitem(PARTS, name)
    monkeypatch.delitem(sys.modules, "my_parts")
    for line in reading:
        words = shlex.split(line)
        without = [word for word in words[3:] if not word.startswith("imports=")]
        if "my_parts" not in sys.modules:
            refused = command(words[2].partition(".")[2], *without, cwd=tmp_path)
            assert (refused.returncode, "imports=[MODULE]" in refused.stderr) == (2, True), refused.stderr
        done = command(words[2].partition(".")[2], *words[3:], cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    with contextlib.chdir(tmp_path):
        for block in (load, laws, training):
            exec(block, {})
    assert (tmp_path / "loaded.png").exists()
    assert (tmp_path / "mine.png").exists()
