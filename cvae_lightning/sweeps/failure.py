"""Why a job of a sweep failed, as its folder says."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from cvae_lightning.errors import UserError
from cvae_lightning.runs import FAILURE, read_mapping


class Failure(NamedTuple):
    """What a failed job leaves.

    Attributes:
        error: why it failed.
        command: what repeats it alone.
    """

    error: str
    command: str


def read_failure(folder: Path) -> Failure:
    """Why the job of a folder failed; a record that cannot be read is the reason itself.

    Example:
        >>> Path("job").mkdir()
        >>> _ = Path("job", "failure.json").write_text('{"error": "out of memory", "command": "python"}')
        >>> read_failure(Path("job")).error
        'out of memory'
        >>> _ = Path("job", "failure.json").write_text("[")
        >>> read_failure(Path("job")).error
        'job/failure.json cannot be read: Expecting value: line 1 column 2 (char 1)'
    """
    try:
        record = read_mapping(folder / FAILURE, {"error": str, "command": str})
    except UserError as error:
        return Failure(str(error), "")
    return Failure(record.get("error", "no reason was recorded"), record.get("command", ""))
