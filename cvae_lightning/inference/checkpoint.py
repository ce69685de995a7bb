"""From a file to a painter: run folders, checkpoints and exported weights, read as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.errors import UserError
from cvae_lightning.inference.file_format import FORMAT_VERSION, KEY, Saved, check_weights, from_file
from cvae_lightning.inference.painter import Painter
from cvae_lightning.inference.sampler import change_sampler
from cvae_lightning.models import ConditionalVAE, build
from cvae_lightning.runs import WEIGHTS, find_checkpoint


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
            ``{"steps": 3, "restarts": 12}`` paints the quickstart's pictures at half the cost.

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
    try:
        saved = from_file(file) if file.suffix == Path(WEIGHTS).suffix else _from_checkpoint(file)
        check_weights(saved.weights)
        model = build(saved.blueprint)
        if not isinstance(model, ConditionalVAE):
            raise UserError(f"{file} holds a {type(model).__name__}, not a ConditionalVAE")
        tokenizer = CaptionTokenizer.from_state(saved.tokenizer)
        model.load_state_dict(saved.weights)
        change_sampler(model, sampler)
    except UserError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{file} is not a trained model of this package: {type(error).__name__}: {reason}") from error
    return Painter(model.to(device), tokenizer)


def _from_checkpoint(file: Path) -> Saved:
    checkpoint = read_checkpoint(file)
    tensors = checkpoint["state_dict"].items()
    weights = {key.removeprefix("model."): value for key, value in tensors if key.startswith("model.")}
    if is_format_1(checkpoint):
        return Saved(checkpoint["blueprint"], checkpoint["ShapeSceneDataModule"], weights).upgraded()
    content = checkpoint[KEY]
    if content["format_version"] != FORMAT_VERSION:
        raise UserError(f"{file} has format version {content['format_version']}: update the package")
    if content["tokenizer"] is None:
        raise UserError(f"{file} has no tokenizer: the model was trained without a data module that has one")
    return Saved(content["blueprint"], content["tokenizer"], weights)


def is_format_1(checkpoint: Mapping[str, Any]) -> bool:
    """Whether a checkpoint was written before the format had a version of its own."""
    return KEY not in checkpoint and "blueprint" in checkpoint


def read_checkpoint(file: Path) -> dict[str, Any]:
    """A checkpoint's plain data, by torch's weights-only reader.

    Raises:
        UserError: the file is damaged, or holds more than plain data.
    """
    try:
        checkpoint = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # torch.load answers damage with a dozen unrelated types
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{file} cannot be read as a checkpoint (is it damaged or cut short?): {reason}") from error
    if not isinstance(checkpoint, dict):
        raise UserError(f"{file} holds a {type(checkpoint).__name__}: expected a checkpoint of this package")
    return checkpoint


def is_readable(file: Path) -> bool:
    """Whether there is a whole checkpoint; a process that was killed may have left half of one."""
    try:
        return bool(read_checkpoint(file))
    except UserError:
        return False
