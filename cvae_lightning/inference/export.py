"""A trained model as the bytes of one file, with what its model card says about it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cvae_lightning.errors import UserError, nearest_hint, require_package
from cvae_lightning.inference import PRECISIONS
from cvae_lightning.world import to_plain

if TYPE_CHECKING:
    from cvae_lightning.inference.painter import Painter

FORMATS = ("safetensors", "onnx")
"""Files that a model can be written as."""


class Exported(NamedTuple):
    """A model ready to be written.

    Attributes:
        weights: the file's content.
        facts: for its model card: ``image_size`` in pixels, ``latent_dim``, class names of its ``parts``, its
            ``blueprint``, number of ``parameters``, ``precision`` in words, ``size`` of the file in bytes and its
            ``world``.
    """

    weights: bytes
    facts: Mapping[str, Any]


def check_format(name: str) -> None:
    """Raise where there is no such file format, or what it needs is not installed.

    Raises:
        UserError: the message names the nearest of ``FORMATS``, or the missing package.
    """
    if name not in FORMATS:
        raise UserError(f"format={name}: expected one of {', '.join(FORMATS)}{nearest_hint(name, FORMATS)}")
    if name == "onnx":
        for package in ("onnx", "onnxscript", "onnxruntime"):
            require_package(package, "format=onnx")


def check_dtype(dtype: str) -> None:
    """Raise where there is no such way to store weights.

    Raises:
        UserError: the message names the nearest of :data:`cvae_lightning.inference.PRECISIONS`.
    """
    if dtype not in PRECISIONS:
        raise UserError(f"dtype={dtype}: expected one of {', '.join(PRECISIONS)}{nearest_hint(dtype, PRECISIONS)}")


def exported(checkpoint: Path, dtype: str = "mixed", sampler: Mapping[str, Any] | None = None) -> Exported:
    """Read a checkpoint or exported weights and store them as one file's bytes.

    Args:
        checkpoint: the file.
        dtype: how weights are stored, one of :data:`cvae_lightning.inference.PRECISIONS`.
        sampler: as for :func:`cvae_lightning.inference.checkpoint.load`.

    Raises:
        UserError: the file is damaged, or the model cannot sample so.
    """
    from cvae_lightning.inference.checkpoint import load

    check_dtype(dtype)
    return packed(load(checkpoint, sampler=sampler), dtype)


def packed(painter: Painter, dtype: str = "mixed") -> Exported:
    """Store a painter's model as one file's bytes.

    Args:
        painter: has the model and its tokenizer.
        dtype: as for :func:`exported`.

    Raises:
        UserError: there is no such way to store weights, or no file can hold the model.
    """
    from cvae_lightning.inference.file_format import Saved, to_file
    from cvae_lightning.models import blueprint

    check_dtype(dtype)
    model, tokenizer = painter.model, painter.tokenizer
    world = None if painter.world is None else to_plain(painter.world)
    saved = Saved(blueprint(model), tokenizer.state_dict(), model.state_dict(), world)
    weights = to_file(saved, dtype)
    facts = {
        "image_size": model.image_size,
        "latent_dim": model.latent_dim,
        "parts": {name: type(part).__name__ for name, part in model.named_children()},
        "blueprint": blueprint(model),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "precision": PRECISIONS[dtype],
        "size": len(weights),
        "world": world,
    }
    return Exported(weights, facts)


def check_evaluated(evaluation: Mapping[str, Any], checkpoint: Path, weights: bytes) -> None:
    """Raise where an evaluation is of another model than the checkpoint or its exported weights.

    Raises:
        UserError: it is.
    """
    known = [hashlib.sha256(content).hexdigest() for content in (checkpoint.read_bytes(), weights)]
    if evaluation["checkpoint"]["sha256"] not in known:
        raise UserError(
            f"the evaluation is of another model, {evaluation['checkpoint']['name']} with sha256 "
            f"{evaluation['checkpoint']['sha256'][:12]}...; evaluate run={checkpoint} again"
        )
