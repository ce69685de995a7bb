"""The command that writes data sets: bytes that never change, a stop that costs nothing, and others' readers."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from support import ROOT, Command

from cvae_lightning import ShapeSceneDataset
from cvae_lightning.captioned_images import export
from cvae_lightning.captioned_images.export import DatasetSettings, begin, write_split
from cvae_lightning.errors import UserError
from cvae_lightning.world import DEFAULT, parse

ARGUMENTS = ("split=[train,val,novel_pair]", "size=70", "masks=true", "output=out")


@pytest.fixture(scope="module")
def exported(command: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    done = command("dataset", *ARGUMENTS, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "out"


def rows_of(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_pictures_and_captions_are_those_that_models_are_trained_on(exported: Path) -> None:
    for split in ("train", "novel_pair"):
        dataset = ShapeSceneDataset(size=70, canvas_size=64, seed=0, split=split)
        for row in rows_of(exported / split):
            image, caption, _ = dataset[row["index"]]
            pixels = np.asarray(Image.open(exported / split / row["file_name"]))
            assert np.array_equal(pixels, image.permute(1, 2, 0).numpy())
            assert row["text"] == caption


def test_a_second_export_has_the_same_bytes(command: Command, exported: Path, tmp_path: Path) -> None:
    assert command("dataset", *ARGUMENTS, cwd=tmp_path).returncode == 0
    assert tree(tmp_path / "out") == tree(exported)


def test_the_bytes_are_these_on_every_machine(exported: Path) -> None:
    content = b"".join(name.encode() + content for name, content in sorted(tree(exported / "train").items()))
    assert hashlib.sha256(content).hexdigest() == "864180dfc316d6d0ba8b87aeac34ba44228afaec2fd1e4086e0cb15c96c94b28"


def test_a_stopped_export_is_continued(command: Command, exported: Path, tmp_path: Path, monkeypatch) -> None:
    class Stop(BaseException):
        pass

    written: list[Path] = []
    write = export._write_bytes

    def stop_later(path: Path, content: bytes) -> None:
        if len(written) == 2 * 70 + 31:
            path.with_name(f"{path.name}.part").write_bytes(content[:10])
            raise Stop
        written.append(path)
        write(path, content)

    with monkeypatch.context() as patched:
        patched.setattr(export, "_write_bytes", stop_later)
        with pytest.raises(Stop):
            command("dataset", *ARGUMENTS, cwd=tmp_path)
    assert not (tmp_path / "out" / "val" / "metadata.jsonl").exists()
    (tmp_path / "out" / "train" / "000003.png").write_bytes(b"\x89PNG cut short")
    kept = (tmp_path / "out" / "train" / "000004.png").stat().st_mtime_ns
    assert command("dataset", *ARGUMENTS, cwd=tmp_path).returncode == 0
    assert tree(tmp_path / "out") == tree(exported)
    assert (tmp_path / "out" / "train" / "000004.png").stat().st_mtime_ns == kept


def test_ctrl_c_is_one_word_and_not_a_traceback(command: Command, tmp_path: Path, monkeypatch) -> None:
    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "_write_bytes", stop)
    done = command("dataset", *ARGUMENTS, cwd=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (130, "stopped")


@pytest.mark.slow
def test_a_killed_export_is_continued(command: Command, exported: Path, tmp_path: Path) -> None:
    python = [sys.executable, "-m", "cvae_lightning.dataset", *ARGUMENTS]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    killed = subprocess.Popen(python, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("out/train/*.png")) and time.monotonic() < deadline:
        time.sleep(0.001)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not (tmp_path / "out" / "README.md").exists()
    assert command("dataset", *ARGUMENTS, cwd=tmp_path).returncode == 0
    assert tree(tmp_path / "out") == tree(exported)


def test_a_finished_export_is_left_as_it_is(command: Command, exported: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in exported.rglob("*.png")}
    assert command("dataset", *ARGUMENTS, cwd=exported.parent).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in exported.rglob("*.png")} == before


def test_metadata_says_what_the_picture_shows(exported: Path) -> None:
    for row in rows_of(exported / "val"):
        meaning = parse(row["text"])
        assert row["relations"] == [link or "" for link in meaning.links]
        assert row["form"] == meaning.form
        assert [group["count"] for group in row["groups"]] == [group.count for group in meaning.groups]
        assert len(row["objects"]) == sum(group.count for group in meaning.groups)
        assert (row["world"], row["split"], row["seed"]) == ("default", "val", 0)
        pixels = np.asarray(Image.open(exported / "val" / row["file_name"]))
        for thing in row["objects"]:
            assert thing["shape"] in DEFAULT.shapes
            assert thing["size"] in DEFAULT.sizes
            x, y = (int(value) for value in thing["centre"])
            assert tuple(pixels[y, x]) == DEFAULT.colours[thing["colour"]]


def test_masks_number_the_objects_and_boxes_enclose_them(exported: Path) -> None:
    for row in rows_of(exported / "train"):
        mask = np.asarray(Image.open(exported / "train" / row["mask_file_name"]))
        pixels = np.asarray(Image.open(exported / "train" / row["file_name"])).astype(int)
        assert mask.shape == (64, 64)
        assert set(np.unique(mask)) == set(range(len(row["objects"]) + 1))
        assert (abs(pixels[mask > 0] - 250).max(axis=1) > 60).all()
        for number, thing in enumerate(row["objects"], start=1):
            ys, xs = np.nonzero(mask == number)
            left, top, width, height = thing["box"]
            assert left - 1 < xs.min()
            assert xs.max() < left + width
            assert top - 1 < ys.min()
            assert ys.max() < top + height
            assert abs(xs.min() - left) < 2.5


@pytest.mark.slow
def test_hugging_face_datasets_loads_it(exported: Path, tmp_path: Path, monkeypatch) -> None:
    datasets = pytest.importorskip("datasets")
    for arguments in ({"path": "imagefolder", "data_dir": str(exported)}, {"path": str(exported)}):
        loaded = datasets.load_dataset(**arguments, cache_dir=str(tmp_path / "cache"))
        rows = rows_of(exported / "train")
        assert len(loaded["train"]) == len(loaded["validation"]) == 70
        assert loaded["train"]["text"][:] == [row["text"] for row in rows]
        example = loaded["train"][3]
        assert np.array_equal(np.asarray(example["image"]), np.asarray(Image.open(exported / "train" / "000003.png")))
        assert np.asarray(example["mask"]).max() == len(example["objects"])
        assert dict(example["objects"][0]) == rows[3]["objects"][0]


def test_the_layout_is_the_documented_one(exported: Path) -> None:
    header = yaml.safe_load((exported / "README.md").read_text().split("---\n")[1])
    assert [entry["split"] for entry in header["configs"][0]["data_files"]] == ["train", "validation", "novel_pair"]
    for split in ("train", "val", "novel_pair"):
        names = {row["file_name"] for row in rows_of(exported / split)}
        assert names == {path.name for path in (exported / split).glob("*.png")}


def test_prompts_have_the_captions_of_the_pictures(command: Command, exported: Path, tmp_path: Path) -> None:
    done = command("dataset", "prompts=true", "size=70", "split=val", "output=prompts", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = rows_of(tmp_path / "prompts")
    assert [line["prompt"] for line in lines] == [row["text"] for row in rows_of(exported / "val")]
    assert [path.name for path in (tmp_path / "prompts").iterdir()] == ["metadata.jsonl"]
    related = next(line for line in lines if line["tag"] == "relation")
    assert related["include"][0]["position"] == [*parse(related["prompt"]).links, 1]
    assert command("dataset", "prompts=true", "output=prompts", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["split=tran"], "did you mean 'train'"),
        (["split=[train,train]"], "each once"),
        (["split=[]"], "split"),
        (["size=0"], "size=0"),
        (["image_size=16"], "image_size=16"),
        (["image_size=600"], "image_size=600"),
        (["seed=-1"], "seed=-1"),
    ],
)
def test_a_mistake_is_answered_before_any_work(
    command: Command, tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = command("dataset", *arguments, "output=out", cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_folder_of_other_things_is_left_alone(command: Command, exported: Path, tmp_path: Path) -> None:
    done = command("dataset", *ARGUMENTS, "seed=1", cwd=exported.parent)
    assert done.returncode == 2
    assert "other settings (seed=0)" in done.stderr
    (tmp_path / "train").mkdir()
    with pytest.raises(UserError, match="train exists"):
        begin(tmp_path, DatasetSettings(splits=("train",), size=1))
    assert list(tmp_path.iterdir()) == [tmp_path / "train"]


@pytest.mark.parametrize("split", DEFAULT.splits.names)
@pytest.mark.parametrize("side", [32, 100])
def test_every_split_and_side(tmp_path: Path, split: str, side: int) -> None:
    settings = DatasetSettings(splits=(split,), size=3, image_size=side, seed=5)
    assert begin(tmp_path, settings) == 3
    write_split(tmp_path, split, settings)
    assert begin(tmp_path, settings) == 0
    assert [Image.open(path).size for path in sorted((tmp_path / split).glob("*.png"))] == [(side, side)] * 3
