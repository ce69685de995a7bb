"""Attack: a safetensors header that lies about sizes and places. It must be refused before memory is taken for it."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from attacks.fuzz import models
from attacks.fuzz.guard import guarded
from cvae_lightning.errors import UserError
from cvae_lightning.inference.checkpoint import load

LENGTH = struct.unpack("<Q", models.export()[:8])[0]
BODY = models.export()[8 + LENGTH :]


def header() -> dict[str, Any]:
    return json.loads(models.export()[8 : 8 + LENGTH])


def with_header(text: bytes) -> bytes:
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + BODY


def with_tensor(**entry: Any) -> bytes:
    return with_header(json.dumps(header() | {"extra": entry}).encode())


ATTACKS = {
    "a length of all memory": struct.pack("<Q", 2**63) + models.export()[8:],
    "a length beyond the file": struct.pack("<Q", 10**9) + models.export()[8:],
    "a length of nothing": struct.pack("<Q", 0) + models.export()[8:],
    "30 MB of names": with_header(b'{"' + b"a" * 30_000_000 + b'": {}}'),
    "30 MB of spaces": with_header(json.dumps(header()).encode() + b" " * 30_000_000),
    "a deep header": with_header(b'{"a":' * 100_000),
    "no object": with_header(b"[1, 2]"),
    "huge shape": with_tensor(dtype="F32", shape=[2**40, 2**40], data_offsets=[0, 4]),
    "negative shape": with_tensor(dtype="F32", shape=[-1], data_offsets=[0, 4]),
    "beyond the end": with_tensor(dtype="F32", shape=[1], data_offsets=[10**12, 10**12 + 4]),
    "over another tensor": with_tensor(dtype="F32", shape=[1], data_offsets=[0, 4]),
    "unknown type": with_tensor(dtype="PICKLE", shape=[1], data_offsets=[0, 4]),
    "content no text": with_header(json.dumps(header() | {"__metadata__": {"cvae_lightning": {"a": 1}}}).encode()),
    "content too deep": models.export_of(json.loads("[" * 500 + "]" * 500)),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_it_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(ATTACKS[name])
    with guarded(tmp_path), pytest.raises(UserError, match=r"model\.safetensors"):
        load(file)
