"""A command that is refused leaves no folder, and an existing run's records as they were."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from cvae_lightning.errors import UserError
from cvae_lightning.runs.layout import CONFIG

HYDRA_FILES = ("config.yaml", "hydra.yaml", "overrides.yaml")
NO_FOLDER = ("hydra.run.dir=.", "hydra.output_subdir=null")
"""Arguments with which Hydra makes no folder."""
HYDRA_FOLDER = "${hydra:runtime.output_dir}"
"""``output`` where the user names none."""


class Records:
    """What Hydra may overwrite in a job's folder, as it was before the command.

    Args:
        folder: where Hydra will write; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.before = {path: path.read_bytes() for path in _records(self.folder)}
        self.logs = {*self.folder.glob("*.log")}

    def restore(self, folder: Path) -> None:
        """Undo what Hydra wrote into a folder; a folder that nothing else is in is removed."""
        before = self.before if folder.absolute() == self.folder else {}
        with suppress(OSError):
            for path in _records(folder.absolute()):
                if path in before:
                    path.write_bytes(before[path])
                else:
                    path.unlink()
            if folder.absolute() == self.folder and not (self.folder / CONFIG).exists():
                for path in {*self.folder.glob("*.log")} - self.logs:  # of a run that was refused before it was one
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


def own_output(config: DictConfig) -> Path | None:
    """The folder that the user names with ``output=``; None where a command has none, or writes into Hydra's."""
    output = OmegaConf.to_container(config, resolve=False).get("output")  # type: ignore[union-attr]
    return None if output in (None, HYDRA_FOLDER) else Path(str(config.output))


def check_folder(key: str, folder: Path) -> None:
    """Raise where a file is in the place of a folder that a command makes.

    Args:
        key: what names the folder, for the message.
        folder: it need not exist.

    Raises:
        UserError: the message names the file.

    Example:
        >>> Path("notes").touch()
        >>> check_folder("output", Path("notes"))
        Traceback (most recent call last):
        cvae_lightning.errors.UserError: output=notes: this is a file; expected a folder, ...
    """
    there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    if there.is_file():
        what = "this is a file" if there == folder else f"{there} is a file"
        raise UserError(f"{key}={folder}: {what}; expected a folder, which is made where there is none")


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
