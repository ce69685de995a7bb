"""SHA-256 of plain data and tensors, by which damage to a file is seen; it does not say who wrote the file."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cvae_lightning.runs.layout import SHIPPED

SHA256 = "sha256"
"""The entry of a file that holds its digest."""
MOST_VALUES = 1_000_000
"""A file of a few hundred bytes may stand for billions of values, since a value can be in it many times."""
SHIPPED_DIGEST = "09ac966a0db5b3d6ecae4f412c0cdb0eb57eee5c2de644b327fd599880740f6b"
"""Of the package's own model, whose file is of before files stated theirs."""
log = logging.getLogger(__name__)


def digest(content: Any) -> str:
    """The SHA-256 of nested plain data and tensors: kinds, shapes, values, and the order of lists but not of mappings.

    Raises:
        ValueError: the content stands for too many values.

    Example:
        >>> digest({"a": [1, 2.5], "b": None}) == digest({"b": None, "a": [1, 2.5]})
        True
        >>> digest([1]) == digest([1.0])
        False
    """
    total = hashlib.sha256()
    for item in flattened(content):
        if isinstance(item, Tensor):
            total.update(f"{item.dtype}{tuple(item.shape)}".encode())
            if item.layout is torch.strided:
                total.update(item.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
        else:
            total.update(_written(item).encode("utf-8", "surrogatepass"))
    return total.hexdigest()


def flattened(content: Any) -> Iterator[Any]:
    """All keys and values of nested content; a mapping or a list is led by itself, and a mapping's keys are sorted.

    Raises:
        ValueError: there are too many.
    """
    waiting, count = [content], 0
    while waiting:
        item = waiting.pop()
        count += 1
        if count > MOST_VALUES:
            raise ValueError(f"it stands for more than {MOST_VALUES:,} values")
        yield item
        if isinstance(item, Mapping):
            for key in sorted(item, key=repr, reverse=True):
                waiting += [item[key], key]
        elif isinstance(item, list | tuple):
            waiting += reversed(item)


def _written(item: Any) -> str:
    if isinstance(item, Mapping):
        return f"mapping {len(item)};"
    if isinstance(item, list | tuple):
        return f"list {len(item)};"
    if item is None or isinstance(item, bool | int | float | complex | str | bytes | torch.dtype):
        return f"{type(item).__name__} {item!r};"
    return f"{type(item).__name__};"


def check_digest(file: Path, stated: Any, content: Any) -> None:
    """Raise where a file's content is not what was written; say so where the file does not state a digest.

    Args:
        file: for the message.
        stated: the digest that the file states; None where it states none.
        content: what the digest is of.

    Raises:
        ValueError: the content has another digest.
    """
    if stated is None and file in SHIPPED:
        stated = SHIPPED_DIGEST
    if stated is None:
        log.info("%s has no checksum, for it is of an earlier version: damage to its weights is not noticed", file)
    elif digest(content) != stated:
        raise ValueError("its content is not what was written: its SHA-256 is another (flipped bits, or it was edited)")
