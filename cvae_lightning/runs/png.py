"""PNG files whose bytes depend on the pixels alone.

Compression libraries and their versions write different bytes for the same pixels, so a data set made twice would
differ from machine to machine. Here rows are filtered by `Up`, which turns flat pictures into runs of zeros, and
runs are coded by deflate's fixed code (RFC 1951, section 3.2.6) as matches at distance 1. For pictures of flat
colours the files are about as large as a library's.
"""

from __future__ import annotations

import os
import struct
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

LONGEST, SHORTEST = 258, 3
"""Bytes that one match of deflate stands for."""
END = 256
"""The symbol after the last byte."""
UP = 2
"""The number of the filter that takes the difference from the row above."""
LAST_CHUNK = b"\0\0\0\0IEND\xaeB`\x82"
COLOUR_TYPES = {3: 2, 1: 0}
"""PNG's number of a colour type, by channels: RGB and grey."""


def png_bytes(pixels: Bytes) -> bytes:
    """A PNG file.

    Args:
        pixels: (H, W, 3) or, for grey, (H, W).

    Example:
        >>> png_bytes(np.zeros((4, 4), np.uint8))[:4]
        b'\\x89PNG'
    """
    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    filtered = np.full((height, 1 + rows.shape[1]), UP, np.uint8)
    filtered[:, 1:] = np.diff(rows, axis=0, prepend=np.zeros_like(rows[:1]))
    header = struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPES[rows.shape[1] // width], 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", _zlib(filtered.ravel())))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in parts) + LAST_CHUNK


def is_whole_png(path: Path) -> bool:
    """Whether a file ends as a PNG does; an absent one does not."""
    try:
        with path.open("rb") as file:
            file.seek(-len(LAST_CHUNK), os.SEEK_END)
            return file.read() == LAST_CHUNK
    except OSError:
        return False


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _zlib(content: Bytes) -> bytes:
    """A zlib stream of one block; only the checksum is the library's."""
    codes, widths = _code_table()
    symbols = np.concatenate((_symbols(content), [END]))
    # The block's header, in the order of bits: the last block, then the fixed code (1 in two bits).
    body = _packed(np.concatenate(([3], codes[symbols])), np.concatenate(([3], widths[symbols])))
    return b"\x78\x01" + body + struct.pack(">I", zlib.adler32(content.tobytes()))


def _symbols(content: Bytes) -> Ints:
    """Bytes as symbols: 0 to 255 a byte itself; ``END`` + n: the last byte n times more, n from 3 to 258."""
    starts = np.flatnonzero(np.concatenate(([True], content[1:] != content[:-1])))
    lengths = np.diff(np.append(starts, len(content))) - 1  # without the first of each run
    whole, rest = np.divmod(lengths, LONGEST)
    tail = np.where(rest >= SHORTEST, 1, rest)
    counts = 1 + whole + tail
    run = np.repeat(np.arange(len(starts)), counts)
    number = np.arange(len(run)) - np.repeat(np.cumsum(counts) - counts, counts)
    symbols = content[starts].astype(np.int64)[run]
    is_whole = (number > 0) & (number <= whole[run])
    is_tail = (number > whole[run]) & (rest[run] >= SHORTEST)
    symbols[is_whole] = END + LONGEST
    symbols[is_tail] = END + rest[run][is_tail]
    return symbols


def _packed(codes: Ints, widths: Ints) -> bytes:
    """Codes after each other, each from its lowest bit."""
    owner = np.repeat(np.arange(len(codes)), widths)
    bit = np.arange(len(owner)) - np.repeat(np.cumsum(widths) - widths, widths)
    return np.packbits(((codes[owner] >> bit) & 1).astype(np.uint8), bitorder="little").tobytes()


@cache
def _code_table() -> tuple[Ints, Ints]:
    """The bits of each symbol of :func:`_symbols`, to be written from the lowest, and how many they are."""
    pairs = [_fixed(symbol) for symbol in range(END + 1)] + [(0, 0)] * 2
    pairs += [_match(length) for length in range(SHORTEST, LONGEST + 1)]
    codes, widths = np.array(pairs, np.int64).T
    return codes, widths


def _fixed(symbol: int) -> tuple[int, int]:
    """Deflate's fixed code of a literal or length symbol, its bits reversed."""
    starts = ((280, 0b11000000, 8), (256, 0, 7), (144, 0b110010000, 9), (0, 0b00110000, 8))
    first, code, width = next(row for row in starts if symbol >= row[0])
    return int(f"{code + symbol - first:0{width}b}"[::-1], 2), width


def _match(length: int) -> tuple[int, int]:
    """A match of this length at distance 1, whose five bits are 0."""
    if length == LONGEST:
        code, width = _fixed(285)
        return code, width + 5
    extra = max(0, (length - 3).bit_length() - 3)
    symbol = 257 + 4 * extra + ((length - 3) >> extra)
    code, width = _fixed(symbol)
    return code | ((length - 3) & ((1 << extra) - 1)) << width, width + extra + 5
