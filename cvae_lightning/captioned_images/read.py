"""Pictures with their captions, found in the layouts in which generators and data sets leave them.

A folder is read as the first of these that it is: GenEval's tree (``00000/metadata.jsonl`` beside ``00000/samples/``),
an imagefolder (``metadata.jsonl`` or ``metadata.csv`` with ``file_name`` and a column of captions, in the folder or in
those below it), pictures with a ``.txt`` or ``.caption`` of the same name, or PNGs with their caption inside.
Nothing is skipped: a picture without a caption, or a caption without its picture, is an error.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.runs.images import GRIDS, SUFFIXES, caption_of, find_images, open_image

CAPTION_SUFFIXES = (".txt", ".caption")
"""Of files beside a picture that hold its caption."""
TABLES = ("metadata.jsonl", "metadata.csv")
"""Names of an imagefolder's captions."""
SAMPLES = "samples"
"""GenEval's folder of one prompt's pictures."""
NOT_CAPTIONS = ("file_name", "mask_file_name", "text")
"""Columns that are left out of a picture's notes, because they are said elsewhere or long."""
BARE = "without a caption beside it, inside it or in a table"
MOST_NAMED = 3
"""Files that a message names."""


class CaptionedImage(NamedTuple):
    """A picture on disk and what it should show.

    Attributes:
        path: the file.
        name: as the results call it: below the folder that was given, else as it was given.
        caption: what it should show.
        prompt: pictures of one prompt have the same; a key.
        metadata: what else is known about it, as plain data.
    """

    path: Path
    name: str
    caption: str
    prompt: str
    metadata: Mapping[str, Any]


def find_captioned(
    names: Sequence[str], captions: Sequence[str] | None = None, column: str = "text"
) -> list[CaptionedImage]:
    """Pictures and captions meant by names.

    Args:
        names: one folder in one of the layouts above; or files, folders of pictures and patterns.
        captions: one per picture, in the order of the pictures; None: as the files say.
        column: of the captions, in an imagefolder.

    Raises:
        UserError: nothing is there, or a picture or caption lacks the other; the message names the file.
    """
    root = Path(names[0]) if len(names) == 1 and Path(names[0]).is_dir() else None
    if captions is not None or root is None:
        paths = find_images(names)
        if captions is None:
            captions = [_inside(path) or "" for path in paths]
            _refuse([p for p, text in zip(paths, captions, strict=True) if not text], f"{BARE}; or give captions=[...]")
        elif len(captions) != len(paths):
            raise UserError(f"{len(paths)} images but {len(captions)} captions: each image needs its own")
        return [_plain(path, path.as_posix(), text) for path, text in zip(paths, captions, strict=True)]
    for layout in (_geneval, _imagefolder):
        if images := list(layout(root, column)):
            return images
    return list(_beside(root))


def _plain(path: Path, name: str, caption: str) -> CaptionedImage:
    return CaptionedImage(path, name, caption, caption, {"prompt": caption})


def _geneval(root: Path, column: str) -> Iterator[CaptionedImage]:
    for folder in sorted(path.parent for path in root.glob(f"*/{SAMPLES}") if path.is_dir()):
        (row,) = read_rows(folder / TABLES[0], 1)
        if not isinstance(row.get("prompt"), str):
            raise UserError(f"{folder / TABLES[0]} has no prompt: expected one JSON object with the key 'prompt'")
        pictures = _pictures(folder / SAMPLES)
        if not pictures:
            raise UserError(f"{folder / SAMPLES}: no picture there of the prompt {row['prompt']!r}")
        for path in pictures:
            yield CaptionedImage(path, path.relative_to(root).as_posix(), row["prompt"], folder.name, row)


def _imagefolder(root: Path, column: str) -> Iterator[CaptionedImage]:
    folders = [root, *sorted(path for path in root.iterdir() if path.is_dir())]
    for table in (folder / name for folder in folders for name in TABLES):
        if table.is_file():
            yield from _listed(root, table, column)


def _listed(root: Path, table: Path, column: str) -> Iterator[CaptionedImage]:
    """The pictures of an imagefolder's table, which are all pictures of its folder."""
    rows = read_rows(table)
    home, listed = table.parent, set()
    for number, row in enumerate(rows, start=1):
        name, caption = (_field(row, key, table, number) for key in ("file_name", column))
        path = home / name
        if not path.resolve().is_relative_to(home.resolve()):
            raise UserError(f"{table}, line {number}: {name} lies outside of its folder")
        if path in listed:
            raise UserError(f"{table}, line {number}: {name} has a caption already: expected one per picture")
        if not path.is_file():
            raise UserError(f"{table}, line {number}: there is no picture {path}")
        listed.add(path)
        notes = {key: value for key, value in row.items() if key not in (*NOT_CAPTIONS, column)}
        yield CaptionedImage(path, path.relative_to(root).as_posix(), caption, caption, {"prompt": caption} | notes)
    _refuse([path for path in _pictures(home) if path not in listed], f"not in {table}, which has the captions")


def _field(row: Mapping[str, Any], key: str, table: Path, number: int) -> str:
    value = row.get(key)
    if isinstance(value, str) and value.strip():
        return value
    if key in row:
        raise UserError(f"{table}, line {number}: {key} is {value!r}: expected a text")
    others = "" if key == "file_name" else ": name the column of captions with caption_column=..."
    raise UserError(f"{table}, line {number}: there is no {key}{nearest_hint(key, row)}{others}")


def _beside(root: Path) -> Iterator[CaptionedImage]:
    """Pictures with a caption file beside them, or inside them."""
    pictures = [path for path in _pictures(root) if path.name not in GRIDS]
    files = {path: _caption_file(path) for path in pictures}
    lone = [path for path in sorted(root.iterdir()) if path.suffix in CAPTION_SUFFIXES and path not in files.values()]
    if any(files.values()):
        _refuse(lone, "without the picture that it captions")
        _refuse([path for path, file in files.items() if file is None], "without a .txt or .caption beside it")
    if not pictures:
        raise UserError(f"images={root}: no picture there")
    texts = {path: _text(file).strip() if file else _inside(path) for path, file in files.items()}
    _refuse([path for path, text in texts.items() if not text], BARE)
    yield from (_plain(path, path.relative_to(root).as_posix(), text) for path, text in texts.items() if text)


def _caption_file(picture: Path) -> Path | None:
    files = [file for suffix in CAPTION_SUFFIXES if (file := picture.with_suffix(suffix)).is_file()]
    if len(files) > 1:
        raise UserError(f"{picture} has two captions, {files[0].name} and {files[1].name}: expected one")
    return files[0] if files else None


def _inside(path: Path) -> str | None:
    with open_image(path) as image:
        return caption_of(image)


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())


def _refuse(paths: Sequence[Path], why: str) -> None:
    """Raise where there are such files: how many, and the first of them."""
    if paths:
        count = f"{len(paths)} files are" if len(paths) > 1 else "1 file is"
        named = ", ".join(map(str, paths[:MOST_NAMED])) + (", ..." if len(paths) > MOST_NAMED else "")
        raise UserError(f"{count} {why}: {named}")


def read_rows(table: Path, count: int | None = None) -> list[dict[str, Any]]:
    """The rows of a JSON Lines or CSV file.

    Args:
        table: the file.
        count: how many it must have; any number of at least 1 for None.

    Raises:
        UserError: it cannot be read, or has another number of rows.
    """
    text = _text(table)
    rows = list(csv.DictReader(StringIO(text))) if table.suffix == ".csv" else list(_json_rows(table, text))
    if not rows or (count is not None and len(rows) != count):
        raise UserError(f"{table} has {len(rows)} lines: expected {count or 'at least 1'}")
    return rows


def _json_rows(table: Path, text: str) -> Iterator[dict[str, Any]]:
    whole = _parsed(text)
    lines = [text] if isinstance(whole, dict) else text.splitlines()  # GenEval writes one object
    for number, line in enumerate(lines, start=1):
        row = _parsed(line)
        if not isinstance(row, dict) and line.strip():
            raise UserError(f"{table}, line {number} cannot be read: expected a JSON object")
        if isinstance(row, dict):
            yield row


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{file} cannot be read: it is not UTF-8 text ({error.reason})") from error
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from error
