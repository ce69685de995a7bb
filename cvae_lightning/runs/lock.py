"""One writer per folder at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from cvae_lightning.errors import UserError
from cvae_lightning.runs.layout import WRITER_LOCK


@contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Hold a folder for this process until the block ends.

    The operating system frees the lock when the process ends, however it ends, so nothing is ever left locked. A
    folder that was made for this and is still empty at the end is removed.

    Args:
        folder: made where it is absent.

    Raises:
        UserError: another process writes into the folder.
        OSError: the folder cannot be made or written.

    Example:
        >>> with one_writer(Path("busy")):
        ...     [path.name for path in Path("busy").iterdir()]
        ['.writer.lock']
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / WRITER_LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise UserError(
            f"{folder}: another command is writing into this folder; wait until it has ended, or choose another folder"
        ) from None
    try:
        yield
    finally:
        with suppress(OSError):
            (folder / WRITER_LOCK).unlink()  # while it is held: a process that opened it before then finds it gone
        lock.release()
        with suppress(OSError):
            for path in made:
                path.rmdir()
