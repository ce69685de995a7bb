"""Weights in fewer bits for a file, and back to float32 for a model."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from cvae_lightning.errors import UserError

LARGE = 1_000_000
"""Numbers of a tensor from which on ``mixed`` stores it in 8 bits."""
STEPS = 127
SCALE = ".scale"
"""What follows a tensor's name in the name of its rows' scales."""


def quantize(weights: Mapping[str, Tensor], precision: str) -> dict[str, Tensor]:
    """Weights as they are stored, by one of :data:`~cvae_lightning.inference.PRECISIONS`.

    Scalars and vectors are few and some are tiny (a calibrated likelihood's error), so they stay as they are. In 8
    bits a row is a whole number from -127 to 127 times a scale of its own. To store what was restored changes nothing.

    Raises:
        UserError: a weight is too large for the precision, or not finite.
    """
    dtype = torch.float16 if precision == "mixed" else getattr(torch, precision)
    stored: dict[str, Tensor] = {}
    for name, value in weights.items():
        if value.ndim < 2 or not value.is_floating_point():
            stored[name] = value.contiguous()
            continue
        if not bool(value.isfinite().all()):
            raise UserError(f"{name} has a weight that is not finite: its training went wrong; take another checkpoint")
        if precision == "mixed" and value.numel() >= LARGE:
            stored[name], stored[name + SCALE] = _whole_numbers(value)
        elif bool((value.abs() > torch.finfo(dtype).max).any()):
            raise UserError(f"dtype={precision}: {name} has a weight of {float(value.abs().max()):g}; take bfloat16")
        else:
            stored[name] = value.to(dtype).contiguous()
    return stored


def dequantize(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights by name, those in fewer bits as float32.

    Raises:
        ValueError: the scales of a tensor in 8 bits do not fit it.
    """
    scales = {name for name, value in stored.items() if value.dtype == torch.int8 and name + SCALE in stored}
    weights = {}
    for name, value in stored.items():
        if name in scales:
            weights[name] = _numbers(name, value, stored[name + SCALE])
        elif name.removesuffix(SCALE) not in scales:
            weights[name] = value.float() if value.is_floating_point() else value
    return weights


def _whole_numbers(value: Tensor) -> tuple[Tensor, Tensor]:
    """(R, ...) as int8 of the same shape and the scale of each row (R,)."""
    rows = value.float().flatten(1)
    scale = (rows.abs().amax(dim=1) / STEPS).clamp(min=torch.finfo(torch.float32).tiny)
    return (rows / scale[:, None]).round().to(torch.int8).view(value.shape), scale


def _numbers(name: str, whole: Tensor, scale: Tensor) -> Tensor:
    if whole.ndim < 1 or scale.shape != whole.shape[:1]:
        raise ValueError(f"{name} has shape {tuple(whole.shape)}, but its scales have {tuple(scale.shape)}")
    return (whole.flatten(1).float() * scale.float()[:, None]).view(whole.shape)
