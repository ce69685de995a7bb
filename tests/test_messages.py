"""What each mistake on the command line is answered with: one paragraph, exit code 2, and nothing made.

The paragraphs stand in messages.json. After a change of words, or with a new command of value "":

    python -m pytest tests/test_messages.py --write-messages
"""

import json
import shlex
import shutil
from pathlib import Path

import pytest
from PIL import Image
from support import Command
from support.fake_sweep import write_sweep

MESSAGES = Path(__file__).with_name("messages.json")
QUICK = {"train": ["trainer.accelerator=cpu", "trainer.fast_dev_run=true", "data.size=20", "data.num_workers=0"]}
"""What ends a command soon should it become valid."""


@pytest.fixture
def folder(tiny_run: Path, tmp_path: Path) -> Path:
    """A folder with a run, a sweep, a folder without a run, and images that cannot be used."""
    shutil.copytree(tiny_run, tmp_path / "run")
    (tmp_path / "empty").mkdir()
    write_sweep(tmp_path / "grid")
    (tmp_path / "text.png").write_text("hello")
    Image.new("RGB", (40, 30)).save(tmp_path / "wide.png")
    Image.new("RGB", (40, 40)).save(tmp_path / "no_caption.png")
    return tmp_path


def answer(command: Command, line: str, folder: Path) -> str:
    """The paragraph that a refused command ends with."""
    name, *arguments = shlex.split(line)
    before = set(folder.rglob("*"))
    done = command(name, *QUICK.get(name, []), *arguments, cwd=folder)
    assert done.returncode == 2, (line, done.stderr)
    assert "Traceback" not in done.stderr, (line, done.stderr)
    assert set(folder.rglob("*")) == before, line
    paragraph = done.stderr.strip().splitlines()[-1]
    assert paragraph.startswith("error: "), (line, done.stderr)
    return paragraph.removeprefix("error: ").replace(str(folder), "FOLDER")


@pytest.mark.slow
def test_each_mistake_is_answered_with_its_paragraph(
    command: Command, folder: Path, request: pytest.FixtureRequest
) -> None:
    expected = json.loads(MESSAGES.read_text())
    answers = {line: answer(command, line, folder) for line in expected}
    if request.config.getoption("--write-messages"):
        MESSAGES.write_text(json.dumps(answers, indent=2, ensure_ascii=False) + "\n")
    else:
        assert answers == expected
