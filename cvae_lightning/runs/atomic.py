"""Files that are whole or absent, and earlier versions that are kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import count
from pathlib import Path


def write_versioned(path: Path, text: str) -> None:
    """Write a file, keeping an earlier different one under a numbered name.

    Example:
        >>> from pathlib import Path
        >>> write_versioned(Path("a.yaml"), "seed: 0")
        >>> write_versioned(Path("a.yaml"), "seed: 1")
        >>> Path("a.yaml").read_text(), Path("a.1.yaml").read_text()
        ('seed: 1', 'seed: 0')
    """
    if path.exists() and path.read_text() != text:
        rotate(path)
    write_atomic(path, text)


def write_atomic(path: Path, text: str) -> None:
    """Write a file such that a reader finds all of it or none, even if the writer is killed.

    Example:
        >>> write_atomic(Path("whole.txt"), "all of it")
        >>> Path("whole.txt").read_text()
        'all of it'
    """
    part = path.with_name(f"{path.name}.part")
    part.write_text(text)
    os.replace(part, path)


def rotate(path: Path) -> None:
    """Rename a file to the first free numbered name beside it, such as ``config.1.yaml``.

    Example:
        >>> _ = Path("old.json").write_text("{}")
        >>> rotate(Path("old.json"))
        >>> Path("old.1.json").exists()
        True
    """
    path.rename(next(p for n in count(1) if not (p := path.with_stem(f"{path.stem}.{n}")).exists()))


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
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        with (folder / name).open("xb") as file:
            file.write(content)
    return [folder / name for name in files]
