"""The file of a trained model: safetensors, whose header holds the blueprint and the vocabulary as JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import safetensors.torch
import torch
from safetensors import safe_open
from torch import Tensor

from cvae_lightning.errors import UserError
from cvae_lightning.inference.digest import SHA256, check_digest, digest
from cvae_lightning.inference.format_1 import upgrade
from cvae_lightning.inference.header import KEY, own_header
from cvae_lightning.inference.quantization import dequantize, quantize
from cvae_lightning.models.blueprint_checks import check_bounds
from cvae_lightning.runs.plain import parse_json
from cvae_lightning.world import V1, to_plain

FORMAT_VERSION = 2
"""Of a model's blueprint and of its weights' names; version 1 is read too (:mod:`.format_1`)."""


class Saved(NamedTuple):
    """All that a trained model is.

    Attributes:
        blueprint: of the model, as :func:`cvae_lightning.models.serialization` makes it.
        tokenizer: ``max_length`` and ``words`` of its tokenizer.
        weights: its tensors by name.
        world: of its captions, as :func:`cvae_lightning.world.to_plain` makes it; None for captions of no world.
    """

    blueprint: Mapping[str, Any]
    tokenizer: Mapping[str, Any]
    weights: Mapping[str, Tensor]
    world: Mapping[str, Any] | None

    def upgraded(self) -> Saved:
        """A model of format 1 in the names of today.

        Raises:
            KeyError, TypeError, ValueError: it is not one.
        """
        plan, weights = upgrade(self.blueprint, self.weights)
        return Saved(plan, self.tokenizer, weights, self.world)


def to_file(saved: Saved, precision: str) -> bytes:
    """The content of a file; equal models give equal bytes.

    Raises:
        UserError: the blueprint holds more than plain data, or a weight is too large or not finite.
    """
    content = {"format_version": FORMAT_VERSION, **saved._asdict()}
    del content["weights"]
    stored = quantize(saved.weights, precision)
    try:
        plain = json.loads(json.dumps(content))
        header = json.dumps(content | {SHA256: digest([plain, stored])})
    except (TypeError, ValueError) as error:
        raise UserError(f"the model was built from more than plain data, which no file can hold: {error}") from error
    return safetensors.torch.save(stored, {KEY: header})


def from_file(file: Path) -> Saved:
    """Read a model's file; no code can be in it.

    Raises:
        UserError: the file is damaged, of another program, or newer than this package.
    """
    try:
        header = own_header(file)
        with safe_open(file, framework="pt") as opened:
            stored = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except Exception as error:  # damage is answered with several unrelated types
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{file} cannot be read as safetensors (is it damaged or cut short?): {reason}") from error
    if header is None:
        raise UserError(f"{file} holds no model of this package: its header has no entry {KEY!r}")
    try:
        content = parse_json(header)
        version, stated = content["format_version"], content.pop(SHA256, None)
        if version in (1, FORMAT_VERSION):
            check_digest(file, stated, [content, stored])
            check_bounds(content["blueprint"])
            saved = Saved(dict(content["blueprint"]), dict(content["tokenizer"]), dequantize(stored), world_of(content))
            return saved if version == FORMAT_VERSION else saved.upgraded()
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise UserError(f"{file} has a damaged header: {type(error).__name__}: {error}") from error
    raise UserError(
        f"{file} has format version {str(version)[:80]}, but this package reads 1 and {FORMAT_VERSION}: "
        "update the package"
    )


def world_of(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The world of a file's content; files from before there were several are of version 1."""
    world = content["world"] if "world" in content else to_plain(V1)
    if world is not None and not isinstance(world, Mapping):
        raise TypeError(f"its world is {type(world).__name__}: expected a mapping or null")
    return world


def check_weights(weights: Mapping[str, Tensor]) -> None:
    """Raise where weights are not numbers that a model can paint with.

    A single number, such as a calibrated likelihood's error before any training, may be unknown (NaN).

    Raises:
        ValueError: a weight is infinite, not a number, or not floating point.
    """
    for name, value in weights.items():
        if value.dtype == torch.int64 and name.rpartition(".")[2] == "num_batches_tracked":
            continue
        if not value.is_floating_point():
            raise ValueError(f"{name} holds {value.dtype}: expected floating point")
        if not bool(value.isfinite().all()) and (value.ndim or bool(value.isinf())):
            raise ValueError(f"{name} has a weight that is not finite")
