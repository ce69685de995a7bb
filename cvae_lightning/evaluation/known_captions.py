"""Which captions a run was trained on, as a file beside it: drawing them all again takes longer than the rest.

The file holds 64-bit hashes, so that two captions are taken for one with a chance of one in 10 ** 13. It is a cache:
where it is absent, damaged or of other scenes, captions are drawn again, and where it cannot be written, nothing is.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.evaluation.settings import SceneSource
from cvae_lightning.runs import write_atomic

log = logging.getLogger(__name__)
Hashes = NDArray[np.uint64]
VERSION = 1
LARGEST = 1 << 28
"""Bytes of a file that is read: ten million captions."""
HEADER = 4096
"""Bytes that a header may have."""


def hashes(texts: Iterable[str]) -> Hashes:
    """The hashes of texts, in ascending order, each once.

    Example:
        >>> len(hashes(["a red star", "a red star", "a blue star"]))
        2
    """
    return np.unique(_each(texts))


def contained(texts: Sequence[str], known: Hashes) -> list[bool]:
    """For each text whether it is among those with these hashes, in ascending order."""
    numbers = _each(texts)
    places = np.searchsorted(known, numbers).clip(max=max(len(known) - 1, 0))
    found: list[bool] = (known[places] == numbers).tolist() if len(known) else [False] * len(numbers)
    return found


def _each(texts: Iterable[str]) -> Hashes:
    digests = (hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.array([int.from_bytes(digest, "little") for digest in digests], np.uint64)


def write_known(file: Path, source: SceneSource, known: Mapping[str, Hashes]) -> None:
    """Keep the hashes of training captions by way of comparing them; a folder that cannot be written is left alone."""
    body = b"".join(part.astype("<u8").tobytes() for part in known.values())
    header = _key(source) | {
        "counts": {name: len(part) for name, part in known.items()},
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    try:
        write_atomic(file, json.dumps(header).encode() + b"\n" + body)
    except OSError as error:
        log.info("%s is not written: %s", file, error.strerror)


def read_known(file: Path, source: SceneSource, names: Sequence[str]) -> dict[str, Hashes] | None:
    """The hashes that :func:`write_known` kept of these scenes; None where there are none, or the file is damaged."""
    try:
        if not file.is_file() or file.stat().st_size > LARGEST:
            return None
        with file.open("rb") as opened:
            header, body = json.loads(opened.readline(HEADER)), opened.read(LARGEST)
        counts = header["counts"]
        lengths = [int(counts[name]) for name in names]
        if any(header[name] != value for name, value in _key(source).items()) or list(counts) != list(names):
            return None
        if len(body) != 8 * sum(lengths) or hashlib.sha256(body).hexdigest() != header["sha256"]:
            return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    ends = np.cumsum(lengths)[:-1].tolist()
    return dict(zip(names, np.split(np.frombuffer(body, "<u8").astype(np.uint64), ends), strict=True))


def _key(source: SceneSource) -> dict[str, object]:
    """What the captions depend on; the world by all that it is, since its name is the user's to choose."""
    world = hashlib.sha256(repr(source.world).encode()).hexdigest()
    return {"version": VERSION, **source.plain(), "world_sha256": world}
