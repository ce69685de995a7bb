"""The device that a model runs on, by name."""

from __future__ import annotations

from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.runs.machine import NO_CUDA

DEVICES = ("auto", "cpu", "cuda")


def pick_device(device: str) -> str:
    """``auto`` to ``cuda`` where there is one, else ``cpu``; checks any other name.

    Raises:
        UserError: there is no such device here.

    Example:
        >>> pick_device("cpu")
        'cpu'
    """
    if device not in DEVICES:
        raise UserError(f"device={device}: expected {', '.join(DEVICES)}{nearest_hint(device, DEVICES)}")
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise UserError(f"device=cuda: {NO_CUDA}; use device=cpu")
    return ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
