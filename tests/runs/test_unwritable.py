"""What the system refuses a command is one paragraph, and nothing half-written keeps its name."""

import errno
import os
from pathlib import Path

import pytest
from support import TINY

import cvae_lightning.runs.atomic as atomic

pytestmark = pytest.mark.slow

GENERATE = ["captions=[a red star]"]


def is_refused(done, *words: str) -> None:
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert [word for word in words if word not in done.stderr] == []
    assert done.stderr.splitlines()[-1].startswith("error: ")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("generate", GENERATE),
        ("export", ["run=x"]),
        ("evaluate", ["splits=[test]"]),
        ("report", ["sweep=x"]),
        ("judge_reliability", ["scenes=1", "damaged_scenes=1"]),
    ],
)
def test_output_is_a_file(command, tmp_path: Path, name: str, arguments: list[str]) -> None:
    (tmp_path / "file").write_text("kept")
    is_refused(command(name, *arguments, "output=file", cwd=tmp_path), "file")
    assert (tmp_path / "file").read_text() == "kept"


def test_output_is_below_a_file_or_too_long(command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    is_refused(command("generate", *GENERATE, "output=file/out", cwd=tmp_path), "file")
    is_refused(command("generate", *GENERATE, f"output={'x' * 300}", cwd=tmp_path), "xxx", "too long")


def test_a_run_folder_is_a_file_or_too_long(command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    is_refused(command("train", *TINY, "hydra.run.dir=file", cwd=tmp_path), "file")
    is_refused(command("train", *TINY, f"hydra.run.dir={'x' * 300}", cwd=tmp_path), "too long")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_is_read_only(command, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o555)
    is_refused(command("generate", *GENERATE, "output=closed/out", cwd=tmp_path), "closed", "Permission denied")


@pytest.fixture
def disk_full_at(monkeypatch: pytest.MonkeyPatch):
    """Let the disk be full when a file of this name is about to be complete."""

    def full_at(name: str) -> None:
        plain = os.replace

        def replace(source, target) -> None:
            if Path(target).name == name:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            plain(source, target)

        monkeypatch.setattr(atomic.os, "replace", replace)

    return full_at


def test_a_full_disk_in_an_export(command, tmp_path: Path, tiny_run: Path, disk_full_at) -> None:
    disk_full_at("model.safetensors")
    is_refused(command("export", f"run={tiny_run}", "output=out", cwd=tmp_path), "model.safetensors", "No space left")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_in_generate(command, tmp_path: Path, tiny_run: Path, disk_full_at) -> None:
    disk_full_at("grid.png")
    arguments = [f"run={tiny_run}", "captions=[an orange star]", "output=out"]
    is_refused(command("generate", *arguments, cwd=tmp_path), "grid.png", "No space left")
    assert sorted(path.suffix for path in (tmp_path / "out").iterdir()) == [".json", ".png"]


def test_a_full_disk_in_training_says_how_to_resume(command, tmp_path: Path, disk_full_at, monkeypatch) -> None:
    arguments = [*TINY, "callbacks.judge_samples=null"]
    disk_full_at("last.ckpt")
    done = command("train", *arguments, "hydra.run.dir=run", cwd=tmp_path)
    is_refused(done, "last.ckpt", "No space left")
    assert not list((tmp_path / "run").rglob("*.part"))
    monkeypatch.undo()
    done = command("train", "resume=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
