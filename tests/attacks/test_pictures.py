"""Attack: a picture or its notes that unpack to far more than the file. It must be refused within bounds."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from attacks.fuzz.guard import guarded
from cvae_lightning.errors import UserError
from cvae_lightning.runs.images import read_image


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, *between: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 3200))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(between) + pixels + chunk(b"IEND", b"")


NOTE = b"caption\0\1\0\0\0" + zlib.compress(b"a" * 200_000_000)


def animation() -> bytes:
    file = io.BytesIO()
    Image.new("1", (8000, 8000)).save(file, "TIFF", compression="group4")
    return file.getvalue()[:-50]


ATTACKS = {
    "a picture of a terapixel": png(10**6, 10**6),
    "a picture of 196 million pixels": png(14_000, 14_000),
    "a note of 200 MB": png(32, 32, chunk(b"iTXt", NOTE)),
    "many notes of 60 MB": png(32, 32, *[chunk(b"iTXt", NOTE[:300] + NOTE[300:]) for _ in range(3)]),
    "cut short": png(32, 32)[:-30],
    "no pixels": png(0, 0),
    "a damaged TIFF": animation(),
}


@pytest.mark.filterwarnings("ignore:Truncated File Read")
@pytest.mark.parametrize("name", ATTACKS)
def test_it_is_refused_within_bounds(tmp_path: Path, name: str) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(ATTACKS[name])
    with guarded(tmp_path), pytest.raises(UserError, match=r"picture\.png"):
        read_image(file)
