"""The header of a file of exported weights, read without torch."""

from __future__ import annotations

from pathlib import Path

from cvae_lightning.runs.plain import parse_json

KEY = "cvae_lightning"
"""The header's only entry: safetensors writes several in an order that changes from process to process."""
MOST_HEADER = 20_000_000
"""Bytes of a header, names and places of its tensors included."""


def own_header(file: Path) -> str | None:
    """The header's entry of this package; None where there is none.

    Raises:
        ValueError: the header is longer than any model's, or has a name twice, so that two readers of it may read two
            different models.
    """
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if length > MOST_HEADER:
            raise ValueError(f"its header states a length of {length:,} bytes: expected at most {MOST_HEADER:,}")
        header = parse_json(opened.read(length).decode())
    metadata = header.get("__metadata__") or {}
    own = metadata.get(KEY)
    if own is not None and not isinstance(own, str):
        raise ValueError(f"its entry {KEY!r} is not a text")
    return own
