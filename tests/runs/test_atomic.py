"""A file is whole or absent, whatever happens while it is written."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from support import ROOT

from cvae_lightning.runs import new_file, whole_file, write_atomic, write_new
from cvae_lightning.runs.images import save_image
from cvae_lightning.training.checkpoint_io import WholeCheckpoints


class FullDisk:
    """A file on a disk that is full after so many bytes."""

    def __init__(self, file, room: int) -> None:
        self.file, self.room = file, room

    def __getattr__(self, name: str):
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def write(self, content) -> int:
        written = self.file.write(bytes(content)[: self.room])
        self.room -= written
        if written < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return written


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every file that is written in binary take 20 bytes."""
    plain = Path.open

    def opened(path: Path, mode: str = "r", *args, **kwargs):
        file = plain(path, mode, *args, **kwargs)
        return FullDisk(file, 20) if mode[0] in "wx" else file

    monkeypatch.setattr(Path, "open", opened)


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a") as file:
        file.write(b"abc")
        assert not (tmp_path / "a").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_failed_write_leaves_the_earlier_file(tmp_path: Path, full_disk: None) -> None:
    target = tmp_path / "a.json"
    target.write_bytes(b"good")
    with pytest.raises(OSError, match="No space left") as raised:
        write_atomic(target, "x" * 100)
    assert raised.value.filename == str(target)
    assert target.read_text() == "good"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_failed_checkpoint_leaves_the_last_good_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, writer = tmp_path / "checkpoints" / "last.ckpt", WholeCheckpoints()
    writer.save_checkpoint({"step": 1}, target)
    plain = Path.open
    monkeypatch.setattr(Path, "open", lambda path, *args: FullDisk(plain(path, *args), 20))
    with pytest.raises(OSError, match="No space left"):
        writer.save_checkpoint({"step": 2}, target)
    monkeypatch.undo()
    assert torch.load(target, weights_only=True) == {"step": 1}
    assert [path.name for path in target.parent.iterdir()] == ["last.ckpt"]


def test_a_failed_picture_and_a_failed_export_leave_nothing(tmp_path: Path, full_disk: None) -> None:
    with pytest.raises(OSError, match="No space left"):
        save_image(Image.new("RGB", (64, 64)), tmp_path / "a.png", {"caption": "a red star"})
    with pytest.raises(OSError, match="No space left"):
        write_new(tmp_path, {"model.safetensors": bytes(100)})
    assert not list(tmp_path.iterdir())


def test_a_new_file_never_replaces_another(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("good")
    with pytest.raises(FileExistsError), new_file(tmp_path / "a") as file:
        file.write(b"other")
    assert (tmp_path / "a").read_text() == "good"


KILLED = """
import os, signal, sys
from pathlib import Path
from cvae_lightning.training.checkpoint_io import WholeCheckpoints
import cvae_lightning.runs.atomic as atomic

def kill(descriptor):
    os.kill(os.getpid(), signal.SIGKILL)

atomic.os.fsync = kill  # in the middle of the write: the bytes are written, the name is not given yet
WholeCheckpoints().save_checkpoint({"step": 2}, Path(sys.argv[1]))
"""


@pytest.mark.e2e
@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second file system")
def test_a_kill_in_the_write_leaves_the_last_good_checkpoint_and_nothing_elsewhere(tmp_path: Path) -> None:
    target, elsewhere = tmp_path / "last.ckpt", Path("/dev/shm") / f"cvae_test_{os.getpid()}"
    elsewhere.mkdir()
    try:
        WholeCheckpoints().save_checkpoint({"step": 1}, target)
        environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "TMPDIR": str(elsewhere)}
        done = subprocess.run([sys.executable, "-c", KILLED, str(target)], env=environment, timeout=120)
        assert done.returncode == -signal.SIGKILL
        assert torch.load(target, weights_only=True) == {"step": 1}
        assert not [path for path in elsewhere.rglob("*") if path.is_file()]
    finally:
        shutil.rmtree(elsewhere)
