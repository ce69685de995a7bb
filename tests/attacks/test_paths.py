"""Attack: names, links and pipes that lead out of the folder. Nothing outside may be read for it, or written."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from attacks.fuzz.guard import guarded
from cvae_lightning.captioned_images.read import find_captioned
from cvae_lightning.cli.compose import composed
from cvae_lightning.cli.followed import check_links
from cvae_lightning.errors import UserError
from cvae_lightning.reports.samples import SampleFiles
from cvae_lightning.runs import find_checkpoint, read_mapping, read_table, write_atomic


@pytest.mark.parametrize(
    "name", ["../secret.png", "/etc/hostname", "link.png", "a/../../secret.png", "\0.png", "x" * 5000]
)
def test_a_picture_of_a_table_lies_in_its_folder(tmp_path: Path, name: str) -> None:
    Image.new("RGB", (32, 32)).save(tmp_path / "secret.png")
    folder = tmp_path / "images"
    (folder / "a").mkdir(parents=True)
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "metadata.jsonl").write_text(json.dumps({"file_name": name, "text": "a red star"}))
    with pytest.raises(UserError, match=r"lies outside of its folder|no file can be called"):
        find_captioned([str(folder)])


@pytest.mark.parametrize("name", ["../../x", "/tmp/x", "a\\b", ""])
def test_a_checkpoint_has_a_name_without_a_folder(name: str) -> None:
    with pytest.raises(UserError, match="filename"):
        composed("train", [f"callbacks.last.filename='{name}'"])


def test_a_caption_is_not_a_path(tmp_path: Path) -> None:
    captions = ["../../a red star", "/etc/passwd", "a" * 5000, "\0"]
    assert all(path.parent == tmp_path for path in SampleFiles(tmp_path, captions, 1).pictures())


def test_a_file_is_not_written_through_a_link(tmp_path: Path) -> None:
    """A folder of another person may have a link where a file will be written."""
    precious = tmp_path / "precious"
    precious.write_text("mine")
    for link in ("metrics.json", "metrics.json.part"):
        (tmp_path / link).symlink_to(precious)
        write_atomic(tmp_path / "metrics.json", "new")
        assert precious.read_text() == "mine"
        assert (tmp_path / "metrics.json").read_text() == "new"
        (tmp_path / "metrics.json").unlink()


@pytest.mark.parametrize("name", ["train.log", "checkpoints", "tensorboard/events"])
def test_a_run_with_a_link_out_of_it_is_not_resumed(command, tiny_run: Path, tmp_path: Path, name: str) -> None:
    run, outside = tmp_path / "run", tmp_path / "outside"
    shutil.copytree(tiny_run, run, ignore=shutil.ignore_patterns(Path(name).name, "tensorboard"))
    outside.write_text("mine")
    (run / name).parent.mkdir(exist_ok=True)
    (run / name).symlink_to(outside)
    done = command("train", f"resume={run}", "trainer.max_epochs=3", cwd=tmp_path)
    assert done.returncode == 2
    assert "is a link that leads out of the run folder" in done.stderr
    assert outside.read_text() == "mine"


def test_a_link_within_a_run_is_fine(tmp_path: Path) -> None:
    (tmp_path / "wandb").mkdir()
    (tmp_path / "latest").symlink_to(tmp_path / "wandb")
    check_links(tmp_path)


@pytest.mark.parametrize("name", ["config.yaml", "metrics.json"])
def test_a_pipe_or_a_device_is_not_a_file(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with guarded(tmp_path), pytest.raises(UserError, match="is not a file"):
        read_mapping(tmp_path / name)
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to("/dev/zero")
    with guarded(tmp_path), pytest.raises(UserError, match="is not a file"):
        read_mapping(tmp_path / name)
    with guarded(tmp_path), pytest.raises(UserError, match="is not a file"):
        read_table(tmp_path / name)
    with pytest.raises(UserError):
        find_checkpoint("/dev/zero")
