"""From a file to a painter: run folders, checkpoints and exported weights, read as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.errors import UserError
from cvae_lightning.inference.archive import Kind, kind_of, read_checkpoint
from cvae_lightning.inference.file_format import FORMAT_VERSION, Saved, check_weights, from_file, world_of
from cvae_lightning.inference.header import KEY
from cvae_lightning.inference.painter import Painter
from cvae_lightning.inference.sampler import change_sampler
from cvae_lightning.models import ConditionalVAE, build
from cvae_lightning.models.blueprint_checks import check_blueprint, check_bounds, check_shapes, nested
from cvae_lightning.models.serialization import PARTS
from cvae_lightning.runs import find_checkpoint
from cvae_lightning.world import V1, World, from_plain, to_plain

LONGEST_REASON = 300
"""Characters of a message that repeats a constructor's."""


def load(
    path: str | Path | None = None,
    device: str | torch.device = "cpu",
    sampler: Mapping[str, Any] | None = None,
) -> Painter:
    """The painter of a run folder (its best checkpoint), a checkpoint, or exported weights (file or folder).

    Without a path it is the trained model that comes with the package. Everything needed is in the file. It is
    read as plain data, so no code of it can run, and only model parts that this package (or the importing
    program) registered are built. Weights are float32, however they were stored.

    Args:
        path: see above.
        device: where the model goes.
        sampler: settings of the sampler that are not as in training (:class:`cvae_lightning.models.SamplerConfig`);
            ``{"solver": "midpoint", "steps": 2, "restarts": 2}`` asks the flow 6 times and not 30.

    Raises:
        UserError: there is no trained model at the path, it is damaged, or it cannot sample so.

    Example:
        >>> painter = load(sampler={"steps": 1, "restarts": 0})
        >>> painter("a large blue square", seed=0)[0].size
        (64, 64)
    """
    if sampler is not None and not isinstance(sampler, Mapping):
        raise UserError(f"sampler={sampler!r}: expected settings by name, such as {{'steps': 3, 'restarts': 12}}")
    file = find_checkpoint(path)
    saved = from_file(file) if kind_of(file) is Kind.EXPORT else _from_checkpoint(file)
    try:
        model, tokenizer = _built(saved)
        world = _world(saved)
        change_sampler(model, sampler)
    except UserError:
        raise
    except Exception as error:  # constructors answer impossible numbers with many unrelated types
        reason = " ".join(str(error).split())[:LONGEST_REASON]
        raise UserError(f"{file} is not a trained model of this package: {type(error).__name__}: {reason}") from error
    return Painter(model.to(device), tokenizer, world)


def _world(saved: Saved) -> World | None:
    """The model's world; None where its captions are any text."""
    free_text = saved.tokenizer.get("free_text") is True
    return None if free_text or saved.world is None else from_plain(saved.world)


def _built(saved: Saved) -> tuple[ConditionalVAE, CaptionTokenizer]:
    """The model and its tokenizer; everything that a file says is checked before anything is built.

    Raises:
        ValueError: the message names what does not fit.
    """
    check_blueprint(saved.blueprint)
    name = saved.blueprint["part"]
    if not issubclass(PARTS[name], ConditionalVAE):
        raise ValueError(f"it holds a {name}, not a ConditionalVAE")
    tokenizer = CaptionTokenizer.from_state(saved.tokenizer)
    check_vocabulary(saved.blueprint, tokenizer)
    check_shapes(saved.blueprint, saved.weights)
    check_weights(saved.weights)
    model: ConditionalVAE = build(saved.blueprint)
    model.load_state_dict(saved.weights)
    return model, tokenizer


def check_vocabulary(plan: Mapping[str, Any], tokenizer: CaptionTokenizer) -> None:
    """Raise where a model does not read the ids that a tokenizer gives.

    Raises:
        ValueError: it has another number of words, or reads shorter captions.
    """
    for part in nested(plan):
        if part.get("vocab_size", len(tokenizer)) != len(tokenizer):
            raise ValueError(f"{part['part']}.vocab_size is {part['vocab_size']}, for a tokenizer of {len(tokenizer)}")
        if part.get("max_length", tokenizer.max_length) < tokenizer.max_length:
            length = f"{part['part']}.max_length is {part['max_length']}"
            raise ValueError(f"{length}, for a tokenizer of {tokenizer.max_length}")


def _from_checkpoint(file: Path) -> Saved:
    """A checkpoint's model.

    Raises:
        UserError: the checkpoint is damaged, or newer than this package.
    """
    checkpoint = read_checkpoint(file)
    try:
        return _saved(file, checkpoint)
    except UserError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise UserError(f"{file} is not a trained model of this package: {reason}") from error


def _saved(file: Path, checkpoint: Mapping[str, Any]) -> Saved:
    tensors = checkpoint["state_dict"].items()
    weights = {key.removeprefix("model."): value for key, value in tensors if key.startswith("model.")}
    if is_format_1(checkpoint):
        check_bounds(checkpoint["blueprint"])
        return Saved(checkpoint["blueprint"], checkpoint["ShapeSceneDataModule"], weights, to_plain(V1)).upgraded()
    content = checkpoint[KEY]
    if content["format_version"] != FORMAT_VERSION:
        raise UserError(f"{file} has format version {str(content['format_version'])[:80]}: update the package")
    if content["tokenizer"] is None:
        raise UserError(f"{file} has no tokenizer: the model was trained without a data module that has one")
    return Saved(content["blueprint"], content["tokenizer"], weights, world_of(content))


def is_format_1(checkpoint: Mapping[str, Any]) -> bool:
    """Whether a checkpoint was written before the format had a version of its own."""
    return KEY not in checkpoint and "blueprint" in checkpoint
