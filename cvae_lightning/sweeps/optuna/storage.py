"""Where a study is stored: Optuna's journal in its folder, or a database; both survive a killed writer."""

from __future__ import annotations

import os
from pathlib import Path

from filelock import FileLock
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from cvae_lightning.errors import UserError
from cvae_lightning.runs.layout import JOURNAL


class WholeLines(JournalFileOpenLock):
    """The journal's lock, held by the operating system, which frees it when its holder dies.

    Optuna's own locks are files: a killed holder blocks all others for half a minute. A killed writer may
    also leave the beginning of a line, which would spoil the next one; an unfinished line is cut off.
    """

    def __init__(self, journal: Path) -> None:
        super().__init__(str(journal))
        self.journal = journal
        self._lock = FileLock(journal.with_suffix(".journal.lock"))

    def acquire(self) -> bool:
        self._lock.acquire()
        _cut_torn_line(self.journal)
        return True

    def release(self) -> None:
        self._lock.release()


def open_storage(folder: Path, url: str | None) -> BaseStorage:
    """The storage of the study in ``folder``.

    Args:
        folder: the study's folder, which exists.
        url: a database such as ``postgresql://user@host/name``, or None for the folder's journal.

    Raises:
        UserError: the database cannot be opened, or the journal is damaged.
    """
    if url is None:
        journal = folder / JOURNAL
        try:
            return JournalStorage(JournalFileBackend(str(journal), WholeLines(journal)))
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            reason = f"{type(error).__name__}: {error}"[:200]
            raise UserError(f"{journal} cannot be read as a study's journal: {reason}") from error
    try:
        return RDBStorage(url)
    except Exception as error:  # each database driver has errors of its own
        raise UserError(f"hydra.sweeper.storage={url} cannot be opened: {str(error).splitlines()[0]}") from error


def _cut_torn_line(journal: Path) -> None:
    if not journal.exists() or journal.stat().st_size == 0:
        return
    with journal.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        if file.read() == b"\n":
            return
    os.truncate(journal, journal.read_bytes().rfind(b"\n") + 1)
