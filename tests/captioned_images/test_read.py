"""Pictures and captions are found in every layout; one without the other is an error that names the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from cvae_lightning.captioned_images.read import find_captioned
from cvae_lightning.errors import UserError
from cvae_lightning.runs.images import save_image

Rows = list[dict[str, object]]


def picture(path: Path, caption: str | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_image(Image.new("RGB", (32, 32)), path, {"caption": caption} if caption else {})


def table(path: Path, rows: Rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def found(folder: Path, **keys: str) -> list[tuple[str, str, str]]:
    return [(image.name, image.caption, image.prompt) for image in find_captioned([str(folder)], **keys)]


def geneval(root: Path) -> None:
    for number, prompt in enumerate(("a red star", "a blue cross")):
        for sample in range(2):
            picture(root / f"{number:05d}" / "samples" / f"{sample:04d}.png")
        text = json.dumps({"tag": "one", "prompt": prompt, "include": []}, indent=number)  # on one line and on several
        (root / f"{number:05d}" / "metadata.jsonl").write_text(text)
        picture(root / f"{number:05d}" / "grid.png")


def imagefolder(root: Path) -> None:
    for split in ("test", "train"):
        picture(root / split / "a.png")
        picture(root / split / "deep" / "b.png")
        rows: Rows = [{"file_name": "deep/b.png", "text": "a blue cross"}, {"file_name": "a.png", "text": "a red star"}]
        table(root / split / "metadata.jsonl", rows)


def test_genevals_tree(tmp_path: Path) -> None:
    geneval(tmp_path)
    assert found(tmp_path) == [
        ("00000/samples/0000.png", "a red star", "00000"),
        ("00000/samples/0001.png", "a red star", "00000"),
        ("00001/samples/0000.png", "a blue cross", "00001"),
        ("00001/samples/0001.png", "a blue cross", "00001"),
    ]
    assert find_captioned([str(tmp_path)])[0].metadata["tag"] == "one"


def test_an_imagefolder(tmp_path: Path) -> None:
    imagefolder(tmp_path)
    names = [(name, caption) for name, caption, _ in found(tmp_path)]
    assert names[:2] == [("test/deep/b.png", "a blue cross"), ("test/a.png", "a red star")]
    assert len(names) == 4
    assert [name for name, _, _ in found(tmp_path / "train")] == ["deep/b.png", "a.png"]


def test_an_imagefolder_of_csv_with_another_column(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "metadata.csv").write_text('\ufefffile_name,prompt\na.png,"a red star"\n', encoding="utf-8")
    assert found(tmp_path, column="prompt") == [("a.png", "a red star", "a red star")]
    with pytest.raises(UserError, match="there is no promt; the nearest is 'prompt': name the column"):
        found(tmp_path, column="promt")


@pytest.mark.parametrize("suffix", [".txt", ".caption"])
def test_captions_beside_pictures(tmp_path: Path, suffix: str) -> None:
    picture(tmp_path / "b.png")
    picture(tmp_path / "a.png")
    (tmp_path / f"a{suffix}").write_text("a red star\n")
    (tmp_path / f"b{suffix}").write_text("a blue cross")
    assert [row[:2] for row in found(tmp_path)] == [("a.png", "a red star"), ("b.png", "a blue cross")]


def test_captions_inside_pictures(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", "a red star")
    picture(tmp_path / "grid.png")
    assert [row[:2] for row in found(tmp_path)] == [("a.png", "a red star")]
    assert find_captioned([str(tmp_path / "*.png")])[0].caption == "a red star"


def test_captions_given(tmp_path: Path) -> None:
    names = [tmp_path / "b.png", tmp_path / "a.png"]
    for name in names:
        picture(name)
    images = find_captioned([str(name) for name in names], ["a blue cross", "a red star"])
    assert [(image.path, image.caption) for image in images] == [(names[0], "a blue cross"), (names[1], "a red star")]
    with pytest.raises(UserError, match="2 images but 1 caption"):
        find_captioned([str(name) for name in names], ["a red star"])


def rows(*changes: Rows) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        imagefolder(root)
        table(root / "train" / "metadata.jsonl", [row for part in changes for row in part])

    return change


def written(name: str, content: bytes) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        imagefolder(root)
        (root / name).write_bytes(content)

    return change


def longer_row(root: Path) -> None:
    for name in ("a", "deep/b"):
        picture(root / f"{name}.png")
    (root / "metadata.csv").write_text("text\na.png,a red star\n")


def beside(*names: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        for name in names:
            picture(root / name) if name.endswith(".png") else (root / name).write_text("a red star")

    return change


def no_samples(root: Path) -> None:
    geneval(root)
    for path in (root / "00001" / "samples").iterdir():
        path.unlink()


def no_prompt(root: Path) -> None:
    geneval(root)
    (root / "00001" / "metadata.jsonl").write_text('{"promt": "a red star"}')


A, B = {"file_name": "a.png", "text": "a red star"}, {"file_name": "deep/b.png", "text": "a blue cross"}
MISTAKES: dict[str, tuple[Callable[[Path], None], str]] = {
    "no such column": (rows([A | {"text": None}]), r"line 1: text is None: expected a text"),
    "no file name": (rows([{"text": "a red star"}]), r"line 1: there is no file_name"),
    "outside": (rows([A, {"file_name": "../test/a.png", "text": "x"}]), r"line 2: \.\./test/a\.png lies outside"),
    "absolute": (rows([{"file_name": "/etc/hosts", "text": "x"}]), "lies outside"),
    "twice": (rows([A], [A]), r"line 2: a\.png has a caption already"),
    "no picture": (rows([A, A | {"file_name": "c.png"}]), r"line 2: there is no picture .*c\.png"),
    "not listed": (rows([B]), r"1 file is not in .*metadata\.jsonl.*a\.png"),
    "empty table": (rows([]), "has 0 lines: expected at least 1"),
    "not JSON": (written("train/metadata.jsonl", b'{"file_name": "a.png"\n'), "line 1 cannot be read"),
    "deep JSON": (written("train/metadata.jsonl", b"[" * 100_000), "line 1 cannot be read"),
    "not UTF-8": (written("train/metadata.jsonl", "é".encode("latin-1")), "it is not UTF-8 text"),
    "caption alone": (beside("a.png", "a.txt", "b.txt"), r"1 file is without the picture that it captions: .*b\.txt"),
    "picture alone": (beside("a.png", "a.txt", "b.png"), r"1 file is without a \.txt or \.caption beside it: .*b\.png"),
    "two captions": (beside("a.png", "a.txt", "a.caption"), "two captions, a.txt and a.caption"),
    "no captions": (
        beside(*(f"{n}.png" for n in range(5))),
        r"5 files are without a caption beside it, .*2\.png, \.\.",
    ),
    "empty folder": (lambda root: None, "no picture there"),
    "more values than columns": (longer_row, r"metadata\.csv, line 2 has more values than the first line has columns"),
    "no samples": (no_samples, "no picture there of the prompt 'a blue cross'"),
    "no prompt": (no_prompt, "has no prompt"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_nothing_is_skipped(tmp_path: Path, name: str) -> None:
    make, words = MISTAKES[name]
    make(tmp_path)
    with pytest.raises(UserError, match=words):
        find_captioned([str(tmp_path)])
