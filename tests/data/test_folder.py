"""A folder of captioned pictures becomes batches that depend on its files, the seed and the pass alone."""

from __future__ import annotations

import csv
import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from support.own_pictures import in_mode, write_own_pictures, write_table

from cvae_lightning.captioned_images.export import DatasetSettings, begin, write_split
from cvae_lightning.captioned_images.read import CaptionedImage
from cvae_lightning.captioned_images.splits import find_splits
from cvae_lightning.captioned_images.tables import read_rows
from cvae_lightning.data import CaptionedFolder, CaptionedFolderDataModule, ShapeSceneDataset
from cvae_lightning.data.folder import AugmentedPasses
from cvae_lightning.errors import UserError


def module(path: Path, **settings) -> CaptionedFolderDataModule:
    data = CaptionedFolderDataModule(path, **{"resolution": 32, "batch_size": 4, "num_workers": 0} | settings)
    data.setup()
    return data


def names(data: CaptionedFolderDataModule) -> dict[str, list[str]]:
    return {split: [image.name for image in dataset.images] for split, dataset in data.datasets.items()}


def test_pictures_of_any_mode_and_size_become_squares_over_white(own_pictures: Path) -> None:
    data = module(own_pictures)
    batch = data.first("train", 100)
    assert batch.images.shape == (len(data.datasets["train"]), 3, 32, 32)
    assert batch.images.dtype == torch.float32
    assert (batch.images.amax(dim=(1, 2, 3)) > 0.97).all()  # the field is white in each of them


def test_a_mode_that_keeps_all_colours_changes_nothing(tmp_path: Path) -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8))
    for mode in ("RGB", "RGBA"):
        in_mode(image.convert("RGBA"), mode).save(tmp_path / f"{mode}.png")
        (tmp_path / f"{mode}.txt").write_text("noise")
    read = [pixels_of(tmp_path, f"{mode}.png") for mode in ("RGB", "RGBA")]
    assert torch.equal(read[0], read[1])
    assert torch.equal(read[0].permute(1, 2, 0), torch.from_numpy(np.array(image)))


def all_images(folder: Path) -> list[CaptionedImage]:
    return [image for part in find_splits(folder).images.values() for image in part]


def pixels_of(folder: Path, name: str) -> torch.Tensor:
    return CaptionedFolder([image for image in all_images(folder) if image.name == name], 32)[0].image


def test_exported_scenes_come_back_as_the_very_batches(tmp_path: Path) -> None:
    settings = DatasetSettings(splits=("train", "val", "test"), size=6, image_size=32)
    begin(tmp_path / "set", settings)
    for split in settings.splits:
        write_split(tmp_path / "set", split, settings)
    data = module(tmp_path / "set")
    for split in settings.splits:
        scenes = ShapeSceneDataset(6, 32, 0, split).__getitems__(range(6))
        assert [example.caption for example in scenes] == data.first(split, 6).captions
        assert torch.equal(torch.stack([e.image for e in scenes]), (data.first(split, 6).images * 255).round().byte())


def test_tables_and_text_files_say_the_same(own_pictures: Path, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [{"file_name": row["file_name"], "text": row["text"]} for row in read_rows(own_pictures / "metadata.jsonl")]
    found = {}
    for kind in ("jsonl", "csv", "parquet", "txt"):
        home = shutil.copytree(own_pictures, tmp_path / kind)
        (home / "metadata.jsonl").unlink()
        if kind == "jsonl":
            write_table(home, rows)
        elif kind == "csv":
            with (home / "metadata.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, ["file_name", "text"])
                writer.writeheader()
                writer.writerows(rows)
        elif kind == "parquet":
            parquet.write_table(pyarrow.Table.from_pylist(rows), home / "metadata.parquet")
        else:
            for row in rows:
                (home / row["file_name"]).with_suffix(".txt").write_text(row["text"] + "\n", encoding="utf-8")
        found[kind] = {
            split: [(image.name, image.caption) for image in images]
            for split, images in find_splits(home).images.items()
        }
    assert found["jsonl"] == found["csv"] == found["parquet"] == found["txt"]


def test_pictures_that_come_later_move_no_other_between_splits(own_pictures: Path, tmp_path: Path) -> None:
    more = write_own_pictures(tmp_path / "more", 60)
    before, after = names(module(own_pictures, val_fraction=0.3)), names(module(more, val_fraction=0.3))
    assert set(before["val"]) <= set(after["val"])
    assert set(before["train"]) <= set(after["train"])
    assert not set(after["val"]) & set(after["train"])


def test_a_folder_of_two_has_one_of_each(tmp_path: Path) -> None:
    folder = write_own_pictures(tmp_path / "two", 2)
    for fraction in (0.01, 0.99):
        assert [len(part) for part in names(module(folder, val_fraction=fraction)).values()] == [1, 1]


def test_fewer_training_pictures_are_a_part_of_all(own_pictures: Path) -> None:
    few, every = names(module(own_pictures, max_train_samples=5)), names(module(own_pictures))
    assert len(few["train"]) == 5
    assert set(few["train"]) <= set(every["train"])
    assert few["val"] == every["val"]


def taken(data: CaptionedFolderDataModule, done: int, count: int) -> list[tuple[list[int], torch.Tensor]]:
    """``count`` training batches from batch ``done`` on."""
    data._batches_done = lambda: done  # type: ignore[method-assign]
    batches = itertools.islice(data.train_dataloader(), count)
    return [(batch.indices.tolist(), batch.images) for batch in batches]


def test_a_resumed_pass_has_the_same_squares_and_mirrorings(own_pictures: Path) -> None:
    settings = {"random_flip": True, "center_crop": False}
    whole = taken(module(own_pictures, **settings), 0, 4)
    rest = taken(module(own_pictures, **settings), 2, 4)
    assert len(whole) == len(rest) == 4
    for (indices, images), (again, same) in zip(whole[2:], rest[:2], strict=True):
        assert indices == again
        assert torch.equal(images, same)


def test_passes_differ_by_mirroring_and_square_alone(tmp_path: Path) -> None:
    pixels = np.zeros((32, 48, 3), dtype=np.uint8)
    pixels[..., 0] = np.arange(48) * 5
    Image.fromarray(pixels).save(tmp_path / "a.png")
    (tmp_path / "a.txt").write_text("a ramp")
    Image.fromarray(pixels).save(tmp_path / "b.png")
    (tmp_path / "b.txt").write_text("a ramp")
    pictures = CaptionedFolder(all_images(tmp_path), 32)
    squares = {bytes(pixels[:, left : left + 32].tobytes()) for left in range(17)}
    mirrored = {bytes(np.ascontiguousarray(pixels[:, left : left + 32][:, ::-1]).tobytes()) for left in range(17)}
    passes = AugmentedPasses(pictures, seed=1, random_crop=True, random_flip=True)
    read = [bytes(passes[number].image.permute(1, 2, 0).contiguous().numpy().tobytes()) for number in range(60)]
    assert set(read) <= squares | mirrored
    assert 0.25 < sum(one in mirrored for one in read) / 60 < 0.75
    assert len(set(read)) > 15
    flips_only = AugmentedPasses(pictures, seed=1, random_flip=True)
    assert len({bytes(flips_only[number].image.numpy().tobytes()) for number in range(40)}) == 2


def test_validation_is_never_mirrored(own_pictures: Path) -> None:
    plain, flipped = (module(own_pictures, random_flip=flip).first("val", 10).images for flip in (False, True))
    assert torch.equal(plain, flipped)


BAD = {
    "bare": "1 picture without a caption (more.png)",
    "lone": "1 caption without its picture (line 25, gone.png)",
    "twice": "1 second caption of a picture (bar 00.webp)",
    "empty": "1 file that cannot be read (bar 02.png: the file is empty)",
    "damaged": "1 file that cannot be read (bar 02.png: ",
    "huge": "1 file that cannot be read (bar 02.png: is 30000 x 10 px",
    "blank": "1 picture without a caption (bar 03.png)",
}


def spoil(folder: Path, how: str) -> None:
    rows = list(read_rows(folder / "metadata.jsonl"))
    if how == "bare":
        shutil.copy(folder / "bar 02.png", folder / "more.png")
    elif how == "lone":
        write_table(folder, [*rows, {"file_name": "gone.png", "text": "gone"}])
    elif how == "twice":
        write_table(folder, [*rows, {"file_name": rows[0]["file_name"], "text": "again"}])
    elif how == "empty":
        (folder / "bar 02.png").write_bytes(b"")
    elif how == "damaged":
        (folder / "bar 02.png").write_bytes((folder / "bar 02.png").read_bytes()[:90])
    elif how == "huge":
        Image.new("L", (30_000, 10)).save(folder / "bar 02.png")
    elif how == "blank":
        write_table(folder, [row | ({"text": "  "} if row["file_name"] == "bar 03.png" else {}) for row in rows])


@pytest.mark.parametrize("how", BAD)
def test_what_cannot_be_used_is_counted_and_named_or_left_out(own_pictures: Path, tmp_path: Path, how: str) -> None:
    folder = shutil.copytree(own_pictures, tmp_path / "spoilt")
    spoil(folder, how)
    with pytest.raises(UserError) as error:
        module(folder)
    assert BAD[how] in str(error.value)
    assert "data.skip_bad=true" in str(error.value)
    left = names(module(folder, skip_bad=True))
    usable = {row["file_name"] for row in read_rows(own_pictures / "metadata.jsonl")}
    usable -= {"bar 02.png"} if how in ("empty", "damaged", "huge") else {"bar 03.png"} if how == "blank" else set()
    assert set(left["train"]) | set(left["val"]) == usable


def test_all_that_cannot_be_used_is_listed_at_once(own_pictures: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(own_pictures, tmp_path / "spoilt")
    for how in ("bare", "empty", "lone"):
        spoil(folder, how)
    with pytest.raises(UserError, match=r"1 caption without.*1 picture without.*1 file that cannot be read"):
        module(folder)


WRONG = {
    "column": (lambda f: None, {"caption_column": "txet"}, "there is no txet; the nearest is 'text'"),
    "encoding": (lambda f: (f / "metadata.jsonl").write_bytes('{"text": "über"}'.encode("latin-1")), {}, "not UTF-8"),
    "outside": (
        lambda f: write_table(f, [{"file_name": "../x.png", "text": "x"}]),
        {},
        "../x.png lies outside of its folder",
    ),
    "no folder": (lambda f: f.rename(f.with_name("elsewhere")), {}, "no such folder, expected a folder"),
    "no picture": (lambda f: [p.unlink() for p in f.iterdir()], {}, "has no picture: expected pictures with a table"),
    "no train": (lambda f: (f / "test").mkdir(), {}, "has test/ but no train/"),
    "empty table": (lambda f: (f / "metadata.jsonl").write_text(""), {}, "has 0 lines"),
    "two tables": (lambda f: (f / "metadata.csv").write_text("file_name,text\n"), {}, "expected one table of captions"),
    "crop": (lambda f: None, {"val_fraction": 1.0}, "data.val_fraction is 1.0"),
    "few": (lambda f: None, {"max_train_samples": 0}, "data.max_train_samples is 0"),
}


@pytest.mark.parametrize("how", WRONG)
def test_what_stops_a_folder_is_named(own_pictures: Path, tmp_path: Path, how: str) -> None:
    folder = shutil.copytree(own_pictures, tmp_path / "wrong")
    change, settings, message = WRONG[how]
    change(folder)
    with pytest.raises(ValueError, match=r"\w") as error:
        module(folder, **settings)
    assert message in str(error.value)


def test_the_vocabulary_has_the_most_frequent_words_and_long_captions_are_cut(own_pictures: Path, caplog) -> None:
    caplog.set_level("WARNING")
    data = module(own_pictures, max_vocabulary=3, max_length=6)
    assert data.tokenizer.words == ("!", ",", ".")  # of the seven signs and words of every caption the first three
    assert data.first("train", 4).tokens.shape == (4, 6)
    assert "captions have more than 4 words" in caplog.text
