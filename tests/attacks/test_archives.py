"""Attack: an archive that unpacks to far more than it is, or means two things. It is refused before that."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path

import pytest
import torch

from attacks.fuzz import models
from attacks.fuzz.guard import guarded
from cvae_lightning.errors import UserError
from cvae_lightning.inference.checkpoint import load


def rewritten(compression: int = zipfile.ZIP_STORED, **changed: bytes) -> bytes:
    """A good checkpoint, packed in another way, with other content of the entries of some names."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(models.checkpoint())) as good, zipfile.ZipFile(result, "w", compression) as bad:
        for entry in good.infolist():
            bad.writestr(entry.filename, changed.get(entry.filename.rpartition("/")[2], good.read(entry)))
    return result.getvalue()


def twice() -> bytes:
    result = io.BytesIO(models.checkpoint())
    with warnings.catch_warnings(), zipfile.ZipFile(result, "a") as archive:
        warnings.simplefilter("ignore")
        name = next(entry.filename for entry in archive.infolist() if entry.filename.endswith(".pkl"))
        archive.writestr(name, b"another pickle")
    return result.getvalue()


def repeated() -> bytes:
    """Ten numbers that stand for ten thousand million."""
    content = models.checkpoint_content()
    content["state_dict"]["model.x"] = torch.zeros(1).expand(10**5, 10**5)
    return models.written(content)


def shared() -> bytes:
    """One tensor under many names."""
    content, weight = models.checkpoint_content(), torch.zeros(1000, 1000)
    content["state_dict"] |= {f"model.{number}": weight for number in range(1000)}
    return models.written(content)


def nested() -> bytes:
    """Lists in which each item is the list before, twice."""
    content, item = models.checkpoint_content(), [0]
    for _ in range(60):
        item = [item, item]
    return models.written(content | {"callbacks": item})


FOREIGN = {
    "sparse": lambda: torch.zeros(3).to_sparse(),
    "without memory": lambda: torch.zeros(10**9, device="meta"),
    "quantized": lambda: torch.quantize_per_tensor(torch.zeros(3), 0.1, 0, torch.qint8),
    "complex": lambda: torch.zeros(3, dtype=torch.complex64),
    "truth values": lambda: torch.zeros(3, dtype=torch.bool),
}
ATTACKS = {
    "a bomb": lambda: rewritten(zipfile.ZIP_DEFLATED, **{"0": b"\0" * 300_000_000}),
    "compressed": lambda: rewritten(zipfile.ZIP_DEFLATED),
    "an entry twice": twice,
    "a stride of zero": repeated,
    "a tensor many times": shared,
    "nested lists": nested,
    "no archive": lambda: b"PK\x03\x04" + b"\0" * 1000,
    "another program's": lambda: rewritten(**{"data.pkl": b"hello"}),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_it_is_refused_before_it_is_unpacked(tmp_path: Path, name: str) -> None:
    file = tmp_path / "best.ckpt"
    file.write_bytes(ATTACKS[name]())
    with guarded(tmp_path), pytest.raises(UserError, match=r"best\.ckpt cannot be read as a checkpoint"):
        load(file)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FOREIGN)
def test_weights_are_plain_numbers(tmp_path: Path, kind: str) -> None:
    content, file = models.checkpoint_content(), tmp_path / "best.ckpt"
    name = next(iter(content["state_dict"]))
    content["state_dict"][name] = FOREIGN[kind]()
    file.write_bytes(models.written(content))
    with guarded(tmp_path), pytest.raises(UserError, match=r"best\.ckpt"):
        load(file)


def test_the_good_archive_is_read(tmp_path: Path) -> None:
    (tmp_path / "best.ckpt").write_bytes(rewritten())
    assert load(tmp_path / "best.ckpt").model.image_size == 32
