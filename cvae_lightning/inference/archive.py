"""Checkpoints as files: recognised by their content, and read as plain data within bounds."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cvae_lightning.errors import UserError
from cvae_lightning.inference.digest import SHA256, check_digest, digest, flattened
from cvae_lightning.inference.header import KEY
from cvae_lightning.runs import WEIGHTS

ZIP = b"PK\x03\x04"
MOST_ENTRIES = 200_000
MOST_PICKLE = 100_000_000
"""Bytes of a checkpoint's own pickle, which holds everything but the numbers of its tensors."""
SHARED = 4
"""Tensors may share memory: all together they stand for so many times the file's bytes at most."""


class Kind(Enum):
    """What a model file is, whatever its name.

    Attributes:
        CHECKPOINT: a zip archive of torch.
        EXPORT: safetensors.
    """

    CHECKPOINT = "checkpoint"
    EXPORT = "safetensors"


def kind_of(file: Path) -> Kind:
    """What a file is by its first bytes; by its name where these say nothing, so that reading it says what is wrong.

    Raises:
        UserError: the file cannot be read.
    """
    try:
        with file.open("rb") as opened:
            start = opened.read(9)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from error
    if start.startswith(ZIP):
        return Kind.CHECKPOINT
    if start[8:] == b"{":  # after the header's length in 8 bytes
        return Kind.EXPORT
    return Kind.EXPORT if file.suffix == Path(WEIGHTS).suffix else Kind.CHECKPOINT


def read_checkpoint(file: Path) -> dict[str, Any]:
    """A checkpoint's plain data, by torch's weights-only reader.

    Raises:
        UserError: the file is damaged, holds more than plain data, or stands for more than its size.
    """
    try:
        checkpoint = read_archive(file)
        _check_content(checkpoint)
        check_digest(file, *_stated(checkpoint))
    except Exception as error:  # torch.load answers damage with a dozen unrelated types
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{file} cannot be read as a checkpoint (is it damaged or cut short?): {reason}") from error
    return checkpoint


def read_archive(file: Path) -> dict[str, Any]:
    """What torch saved, as plain data and tensors that stand for no more than the file holds.

    Raises:
        Exception: of many types, at a file that is damaged or holds more than plain data.
    """
    _check_archive(file)
    content = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    if not isinstance(content, dict):
        raise ValueError(f"it holds a {type(content).__name__}: expected a checkpoint of this package")
    tensors = [item for item in flattened(content) if isinstance(item, Tensor)]
    for tensor in tensors:
        _check_tensor(tensor)
    if sum(tensor.nbytes for tensor in tensors) > SHARED * file.stat().st_size:
        raise ValueError("its tensors stand for more than the file holds")
    return content


def is_readable(file: Path) -> bool:
    """Whether there is a whole checkpoint; a process that was killed may have left half of one."""
    try:
        return bool(read_checkpoint(file))
    except UserError:
        return False


def _check_archive(file: Path) -> None:
    """Raise where a zip archive unpacks to more than it is, or names an entry twice.

    Raises:
        ValueError, zipfile.BadZipFile: it is not one that torch writes.
    """
    with file.open("rb") as opened:
        if opened.read(len(ZIP)) != ZIP:
            raise ValueError("it is not a zip archive, as torch writes checkpoints")
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
    if len(entries) > MOST_ENTRIES or len({entry.filename for entry in entries}) < len(entries):
        raise ValueError("its archive has an entry twice, or too many")
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise ValueError("its archive is compressed, which torch does not do")
    if sum(entry.file_size for entry in entries) > file.stat().st_size:
        raise ValueError("its archive states more bytes than the file has")
    if any(entry.file_size > MOST_PICKLE for entry in entries if entry.filename.endswith(".pkl")):
        raise ValueError("its archive has too large a pickle")


def _check_content(checkpoint: dict[str, Any]) -> None:
    """Raise where what every checkpoint has is of another kind.

    Raises:
        ValueError: the message names it.
    """
    weights = checkpoint.get("state_dict", {})
    if not isinstance(weights, Mapping):
        raise ValueError(f"its state_dict is a {type(weights).__name__}: expected tensors by name")
    for name, value in weights.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise ValueError(f"its state_dict has {str(name)[:80]!r}, which is not a tensor with a name")
    if type(checkpoint.get("global_step", 0)) is not int:
        raise ValueError("its global_step is not a whole number")


def _check_tensor(value: Tensor) -> None:
    if value.layout is not torch.strided or value.device.type != "cpu" or value.is_quantized:
        raise ValueError(f"it has a tensor that is not a plain one: {value.layout} on {value.device}")
    if value.nbytes > value.untyped_storage().nbytes():
        raise ValueError(f"a tensor of shape {tuple(value.shape)} repeats its numbers")


def _stated(checkpoint: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The digest that a checkpoint states, and what it is of."""
    own = checkpoint.get(KEY)
    if not isinstance(own, Mapping):
        return None, checkpoint
    return own.get(SHA256), {**checkpoint, KEY: {key: value for key, value in own.items() if key != SHA256}}


def with_digest(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """A checkpoint that states its SHA-256; one of another program, without an entry of this package, as it is."""
    if KEY not in checkpoint:
        return checkpoint
    return {**checkpoint, KEY: {**checkpoint[KEY], SHA256: digest(_stated(checkpoint)[1])}}
