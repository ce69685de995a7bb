"""Attack: a checkpoint whose pickle calls a function. It is refused, for every protocol, and nothing called."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import pytest
import torch

from cvae_lightning.errors import UserError
from cvae_lightning.inference.archive import is_readable
from cvae_lightning.inference.checkpoint import load

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Calls:
    """Pickled as a call of a function."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> object:
        return Path.mkdir, (self.folder / "called",)


def bare(folder: Path, protocol: int) -> bytes:
    """A pickle that is called a checkpoint."""
    return pickle.dumps({"state_dict": Calls(folder)}, protocol)


def archived(folder: Path, protocol: int) -> bytes:
    """The same, where torch keeps its own pickle in an archive."""
    content = io.BytesIO()
    torch.save({"state_dict": {"x": torch.zeros(2)}}, content)
    result = io.BytesIO()
    with zipfile.ZipFile(content) as good, zipfile.ZipFile(result, "w") as bad:
        for entry in good.infolist():
            bad.writestr(entry, bare(folder, protocol) if entry.filename.endswith(".pkl") else good.read(entry))
    return result.getvalue()


def legacy(folder: Path, protocol: int) -> bytes:
    """The same in torch's format before archives."""
    content = io.BytesIO()
    torch.save(Calls(folder), content, pickle_protocol=max(protocol, 2), _use_new_zipfile_serialization=False)
    return content.getvalue()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("write", [bare, archived, legacy])
@pytest.mark.parametrize("suffix", [".ckpt", ".safetensors"])
def test_nothing_is_called(tmp_path: Path, write, protocol: int, suffix: str) -> None:
    file = tmp_path / f"model{suffix}"
    file.write_bytes(write(tmp_path, protocol))
    with pytest.raises(UserError, match="cannot be read"):
        load(file)
    assert not is_readable(file)
    assert not (tmp_path / "called").exists()


def test_the_attack_is_one(tmp_path: Path) -> None:
    pickle.loads(bare(tmp_path, 2))
    assert (tmp_path / "called").exists()
