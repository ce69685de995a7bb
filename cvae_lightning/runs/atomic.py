"""Files that are whole or absent, and earlier versions that are kept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EEXIST
from itertools import count
from pathlib import Path
from typing import BinaryIO

PART = ".part"
"""What follows a file's name while it is being written."""


@contextmanager
def whole_file(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """Open a file for writing that gets its name, and replaces an earlier one, when all of it is written.

    It is written as ``NAME.part`` beside its target, so no other file system is involved. A write that fails, or a
    process that is killed in it, leaves the earlier file, or none.

    Args:
        path: the file; its folder exists.
        durable: wait until the disk has the file and its name, so that it survives a power cut, too.

    Raises:
        OSError: it cannot be written; the error names the file.

    Example:
        >>> with whole_file(Path("picture.png")) as file:
        ...     _ = file.write(b"the first half")
        ...     Path("picture.png").exists()
        False
    """
    part = path.with_name(path.name + PART)
    try:
        part.unlink(missing_ok=True)  # it may be a link that another program has put there, to a file elsewhere
        with part.open("xb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(part, path)
        if durable:
            _sync_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            part.unlink()
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)
        raise


def _sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder; some file systems cannot, and Windows has no such thing."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_versioned(path: Path, text: str) -> None:
    """Write a file, keeping an earlier different one under a numbered name.

    Example:
        >>> from pathlib import Path
        >>> write_versioned(Path("a.yaml"), "seed: 0")
        >>> write_versioned(Path("a.yaml"), "seed: 1")
        >>> Path("a.yaml").read_text(), Path("a.1.yaml").read_text()
        ('seed: 1', 'seed: 0')
    """
    if path.exists() and path.read_text(encoding="utf-8") != text:
        rotate(path)
    write_atomic(path, text)


def write_atomic(path: Path, content: str | bytes) -> None:
    """Write a file such that a reader finds all of it or none, even if the writer is killed.

    Example:
        >>> write_atomic(Path("whole.txt"), "all of it")
        >>> Path("whole.txt").read_text()
        'all of it'
    """
    with whole_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def rotate(path: Path) -> None:
    """Rename a file to the first free numbered name beside it, such as ``config.1.yaml``.

    Example:
        >>> _ = Path("old.json").write_text("{}")
        >>> rotate(Path("old.json"))
        >>> Path("old.1.json").exists()
        True
    """
    path.rename(next(p for n in count(1) if not (p := path.with_stem(f"{path.stem}.{n}")).exists()))


@contextmanager
def new_file(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """As :func:`whole_file`, for a file that must not exist yet; its folder is made.

    Raises:
        FileExistsError: it exists.
        OSError: it cannot be written.

    Example:
        >>> with new_file(Path("made/new.txt")) as file:
        ...     _ = file.write(b"text")
        >>> Path("made/new.txt").read_text()
        'text'
    """
    if path.exists():
        raise FileExistsError(EEXIST, os.strerror(EEXIST), str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, durable=durable) as file:
        yield file


def write_new(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write files that do not exist yet into a folder.

    Args:
        folder: made where it is absent.
        files: content by name.

    Returns:
        the paths, in the same order.

    Raises:
        FileExistsError: one of them exists.

    Example:
        >>> [path.name for path in write_new(Path("new"), {"note.txt": b"text"})]
        ['note.txt']
    """
    for name, content in files.items():
        with new_file(folder / name) as file:
            file.write(content)
    return [folder / name for name in files]
