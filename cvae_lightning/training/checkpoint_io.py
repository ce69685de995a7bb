"""How checkpoints are written: whole, beside their target, without a temporary folder."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins import TorchCheckpointIO

from cvae_lightning.inference.archive import with_digest
from cvae_lightning.runs import whole_file


class WholeCheckpoints(TorchCheckpointIO):
    """Lightning's checkpoint files, each of which replaces the earlier one only when all of it is on the disk.

    Own code, because Lightning writes to ``$TMPDIR`` and moves the file from there: where that is another file system
    the move is a copy, and a process that is killed in it, or a disk that is full, leaves half a checkpoint in the
    place of the good one. A checkpoint also states the SHA-256 of its content, which is checked when it is read.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write a checkpoint; an earlier one of this name stays until the new one is whole.

        Raises:
            OSError: it cannot be written; the error names the file.
        """
        content = BytesIO()  # torch answers a full disk with an error that is not an OSError
        torch.save(with_digest(checkpoint), content)
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(target) as file:
            file.write(content.getbuffer())
