"""Pictures with their captions, found in the layouts in which generators and data sets leave them.

A folder is read as the first of these that it is: GenEval's tree (``00000/metadata.jsonl`` beside ``00000/samples/``),
an imagefolder (``metadata.jsonl``, ``.csv`` or ``.parquet`` with ``file_name`` and a column of captions, in the folder
or in those below it), pictures with a ``.txt`` or ``.caption`` of the same name, or PNGs with their caption inside.
Nothing is skipped: a picture without a caption, or a caption without its picture, is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cvae_lightning.captioned_images.problems import Kind, Problems, named
from cvae_lightning.captioned_images.tables import read_rows, read_text
from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.runs.images import GRIDS, SUFFIXES, caption_of, check_pairs, find_images, open_image

CAPTION_SUFFIXES = (".txt", ".caption")
"""Of files beside a picture that hold its caption."""
TABLES = ("metadata.jsonl", "metadata.csv", "metadata.parquet")
"""Names of an imagefolder's captions."""
SAMPLES = "samples"
"""GenEval's folder of one prompt's pictures."""
NOT_CAPTIONS = ("file_name", "mask_file_name", "text")
"""Columns that are left out of a picture's notes, because they are said elsewhere or long."""
BARE = "without a caption beside it, inside it or in a table"
STRICT = Problems(strict=True)
"""Raises at the first file that cannot be used; holds nothing."""


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
        check_pairs(paths, captions)
        return [_plain(path, path.as_posix(), text) for path, text in zip(paths, captions, strict=True)]
    for layout in (_geneval, _imagefolder):
        if images := list(layout(root, column)):
            return images
    if not pictures_in(root):
        raise UserError(f"images={root}: no picture there")
    return list(beside(root))


def _plain(path: Path, name: str, caption: str) -> CaptionedImage:
    return CaptionedImage(path, name, caption, caption, {"prompt": caption})


def _geneval(root: Path, column: str) -> Iterator[CaptionedImage]:
    for folder in sorted(path.parent for path in root.glob(f"*/{SAMPLES}") if path.is_dir()):
        (row,) = read_rows(folder / TABLES[0], 1)
        if not isinstance(row.get("prompt"), str):
            raise UserError(f"{folder / TABLES[0]} has no prompt: expected one JSON object with the key 'prompt'")
        pictures = pictures_in(folder / SAMPLES)
        if not pictures:
            raise UserError(f"{folder / SAMPLES}: no picture there of the prompt {row['prompt']!r}")
        for path in pictures:
            yield CaptionedImage(path, path.relative_to(root).as_posix(), row["prompt"], folder.name, row)


def _imagefolder(root: Path, column: str) -> Iterator[CaptionedImage]:
    folders = [root, *sorted(path for path in root.iterdir() if path.is_dir())]
    for table in (folder / name for folder in folders for name in TABLES):
        if table.is_file():
            yield from listed(root, table, column)


def listed(root: Path, table: Path, column: str, problems: Problems = STRICT) -> Iterator[CaptionedImage]:
    """The pictures of an imagefolder's table, which are all pictures of its folder.

    Args:
        root: the folder that names are below.
        table: one of ``TABLES``.
        column: of the captions.
        problems: takes pictures and captions that lack the other.

    Raises:
        UserError: the table cannot be read or lacks a column, or a file lies outside of its folder.
    """
    rows = read_rows(table)
    home, known = table.parent, set()
    for number, row in enumerate(rows, start=1):
        name = _field(row, "file_name", table, number)
        line = f"{table}, line {number}"
        path = _below(home, name, line)
        if not _has_text(row, column) and not problems.strict and column in row:
            problems.add(Kind.BARE, name, "")
            known.add(path)
            continue
        caption = _field(row, column, table, number)
        if path in known:
            problems.add(Kind.TWICE, name, f"{line}: {name} has a caption already: expected one per picture")
        elif not path.is_file():
            problems.add(Kind.LONE, f"line {number}, {name}", f"{line}: there is no picture {path}")
        else:
            known.add(path)
            notes = {key: value for key, value in row.items() if key not in (*NOT_CAPTIONS, column)}
            yield CaptionedImage(path, path.relative_to(root).as_posix(), caption, caption, {"prompt": caption} | notes)
    bare = [path for path in pictures_in(home) if path not in known]
    _note(problems, Kind.BARE, bare, f"not in {table}, which has the captions")


def _has_text(row: Mapping[str, Any], key: str) -> bool:
    value = row.get(key)
    return isinstance(value, str) and bool(value.strip())


def _below(home: Path, name: str, where: str) -> Path:
    """A file in a folder, or in one below it.

    Raises:
        UserError: the name leads elsewhere, or no file can have it.
    """
    path = home / name
    try:
        inside = path.resolve().is_relative_to(home.resolve())
        path.is_file()
    except (OSError, ValueError) as error:
        raise UserError(f"{where}: no file can be called {name[:80]!r}") from error
    if not inside:
        raise UserError(f"{where}: {name[:80]} lies outside of its folder")
    return path


def _field(row: Mapping[str, Any], key: str, table: Path, number: int) -> str:
    value = row.get(key)
    if _has_text(row, key):
        return str(value)
    if key in row:
        raise UserError(f"{table}, line {number}: {key} is {repr(value)[:80]}: expected a text")
    others = "" if key == "file_name" else ": name the column of captions with caption_column=..."
    raise UserError(f"{table}, line {number}: there is no {key}{nearest_hint(key, row)}{others}")


def beside(root: Path, problems: Problems = STRICT, base: Path | None = None) -> Iterator[CaptionedImage]:
    """Pictures with a caption file beside them, or inside them.

    Args:
        root: the folder with both.
        problems: takes pictures and captions that lack the other.
        base: the folder that names are below; None for ``root``.

    Raises:
        UserError: a caption file is not UTF-8 text.
    """
    pictures = [path for path in pictures_in(root) if path.name not in GRIDS]
    files = {path: _caption_file(path, problems) for path in pictures}
    known = {file for path in pictures for file in _caption_files(path)}
    lone = [path for path in sorted(root.iterdir()) if path.suffix in CAPTION_SUFFIXES and path not in known]
    if any(files.values()):
        _note(problems, Kind.LONE, lone, "without the picture that it captions")
        without = [path for path, file in files.items() if file is None]
        _note(problems, Kind.BARE, without, "without a .txt or .caption beside it")
        files = {path: file for path, file in files.items() if file}
    texts = {path: read_text(file).strip() if file else _inside(path) for path, file in files.items()}
    _note(problems, Kind.BARE, [path for path, text in texts.items() if not text], BARE)
    base = root if base is None else base
    yield from (_plain(path, path.relative_to(base).as_posix(), text) for path, text in texts.items() if text)


def _caption_files(picture: Path) -> list[Path]:
    return [file for suffix in CAPTION_SUFFIXES if (file := picture.with_suffix(suffix)).is_file()]


def _caption_file(picture: Path, problems: Problems) -> Path | None:
    files = _caption_files(picture)
    if len(files) > 1:
        message = f"{picture} has two captions, {files[0].name} and {files[1].name}: expected one"
        problems.add(Kind.TWICE, picture.name, message)
    return files[0] if files else None


def _inside(path: Path) -> str | None:
    with open_image(path) as image:
        return caption_of(image)


def pictures_in(folder: Path) -> list[Path]:
    """The files of a folder that are named like pictures, in alphabetical order."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())


def _refuse(paths: Sequence[Path], why: str) -> None:
    """Raise where there are such files: how many, and the first of them."""
    if paths:
        count = f"{len(paths)} files are" if len(paths) > 1 else "1 file is"
        raise UserError(f"{count} {why}: {named(paths)}")


def _note(problems: Problems, kind: Kind, paths: Sequence[Path], why: str) -> None:
    """Add files to the problems, or raise for all of them where those are strict."""
    if problems.strict:
        _refuse(paths, why)
    for path in paths:
        problems.add(kind, path.name, "")
