"""A folder has one writer at a time, and nothing is left locked."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

from cvae_lightning.errors import UserError
from cvae_lightning.runs import one_writer

HOLD = """
import sys, time
from pathlib import Path
from cvae_lightning.runs import one_writer
with one_writer(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(120)
"""


@pytest.fixture
def holder(tmp_path: Path):
    """Another process that writes into ``tmp_path / "run"``."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "run")],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_writer_is_refused_until_the_first_is_dead(tmp_path: Path, holder) -> None:
    with pytest.raises(UserError, match="another command is writing"), one_writer(tmp_path / "run"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with one_writer(tmp_path / "run"):
        pass


def test_an_empty_folder_that_was_made_for_it_is_removed(tmp_path: Path) -> None:
    with one_writer(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").is_dir()
    assert not list(tmp_path.iterdir())


def test_files_stay_and_the_lock_goes(tmp_path: Path) -> None:
    with one_writer(tmp_path / "a"):
        (tmp_path / "a" / "file").touch()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("generate", ["captions=[a red star]", "output=run"]),
        ("export", ["run=x", "output=run"]),
        ("reconstruct", ["images=run", "output=run"]),
        ("judge_reliability", ["scenes=1", "damaged_scenes=1", "output=run"]),
    ],
)
def test_a_command_into_a_busy_folder_is_refused(command, tmp_path: Path, holder, name: str, arguments) -> None:
    before = sorted(path.name for path in (tmp_path / "run").iterdir())
    done = command(name, *arguments, cwd=tmp_path)
    assert (done.returncode, "another command is writing" in done.stderr) == (2, True), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == before


@pytest.mark.e2e
def test_two_resumes_of_a_run_at_once_are_one(command, tiny_run: Path, tmp_path: Path, holder) -> None:
    for source in sorted(tiny_run.rglob("*")):
        target = tmp_path / "run" / source.relative_to(tiny_run)
        target.mkdir(exist_ok=True) if source.is_dir() else target.write_bytes(source.read_bytes())
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    done = command("train", "resume=run", "trainer.max_epochs=3", cwd=tmp_path)
    assert (done.returncode, "another command is writing" in done.stderr) == (2, True), done.stderr
    assert {path: path.read_bytes() for path in before} == before
