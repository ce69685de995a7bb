"""A command that is refused leaves no folder, and an existing run's records as they were."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

HYDRA_FILES = ("config.yaml", "hydra.yaml", "overrides.yaml")


class Records:
    """What Hydra may overwrite in a job's folder, as it was before the command.

    Args:
        folder: where Hydra will write; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.before = {path: path.read_bytes() for path in _records(self.folder)}

    def restore(self, folder: Path) -> None:
        """Undo what Hydra wrote into a folder; a folder that nothing else is in is removed."""
        before = self.before if folder.absolute() == self.folder else {}
        with suppress(OSError):
            for path in _records(folder.absolute()):
                if path in before:
                    path.write_bytes(before[path])
                else:
                    path.unlink()
            _remove_empty(folder.absolute())


def forget_job(folder: Path) -> None:
    """Remove what Hydra wrote for a sweep's job that was refused, and the sweep's folder if it had no other job."""
    others = {path for path in folder.rglob("*") if path.is_file()} - {*_records(folder)}
    if others:
        return
    with suppress(OSError):
        for path in _records(folder):
            path.unlink()
        (folder / ".hydra").rmdir()
        folder.rmdir()
        if {path.name for path in folder.parent.iterdir()} == {"multirun.yaml"}:
            (folder.parent / "multirun.yaml").unlink()
            _remove_empty(folder.parent.absolute())


def job_folder(hydra: DictConfig) -> Path:
    """Where Hydra will write a job that is not one of a sweep."""
    return Path(str(OmegaConf.select(hydra, "run.dir")))


def _records(folder: Path) -> list[Path]:
    """Hydra's files in a folder, and logs that are empty."""
    logs = [path for path in folder.glob("*.log") if path.is_file() and not path.stat().st_size]
    return logs + [path for name in HYDRA_FILES if (path := folder / ".hydra" / name).is_file()]


def _remove_empty(folder: Path) -> None:
    """Remove a folder and those above it, up to the current one, as far as they are empty."""
    with suppress(OSError):
        (folder / ".hydra").rmdir()
    for empty in (folder, *folder.parents):
        if empty == Path.cwd() or Path.cwd() not in empty.parents:
            break
        empty.rmdir()
