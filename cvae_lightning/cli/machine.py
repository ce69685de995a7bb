"""What a command asks of the machine, checked without importing torch as far as that is possible.

What only PyTorch can answer, such as how many GPUs there are, is checked once it is imported.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from omegaconf import DictConfig

from cvae_lightning.errors import UserError
from cvae_lightning.runs.machine import NO_CUDA, may_have_gpu

PRECISIONS = {
    "fp32": "32-true",
    "bf16": "bf16-mixed",
    "fp16": "16-mixed",
    "32-true": "32-true",
    "bf16-mixed": "bf16-mixed",
    "16-mixed": "16-mixed",
    "32": "32-true",
}
"""What a user may write for ``trainer.precision``, and Lightning's name for it."""
DEVICES = ("auto", "cpu", "cuda")
"""What a user may write for ``device``."""


def check_machine(config: DictConfig) -> None:
    """Raise for a device, a precision or a number of processes that a machine without a GPU cannot have.

    Args:
        config: of any command; its values have been checked one by one.

    Raises:
        UserError: the message names the key.
    """
    if config.get("device") == "cuda" and not may_have_gpu():
        raise UserError(f"device=cuda: {NO_CUDA}; use device=cpu")
    trainer = config.get("trainer")
    if trainer is None or (trainer.accelerator != "cpu" and may_have_gpu()):
        return
    if trainer.accelerator in ("gpu", "cuda"):
        raise UserError(f"trainer.accelerator=gpu: {NO_CUDA}; use trainer=cpu")
    check_cpu_precision(PRECISIONS.get(str(trainer.precision), ""))
    check_processes(trainer.devices)


def check_cpu_precision(precision: str) -> None:
    """Raise where a CPU has no such training.

    Args:
        precision: Lightning's name.

    Raises:
        UserError: it has none.
    """
    if precision == "16-mixed":
        raise UserError("trainer.precision=fp16: a CPU has no fp16 training; use bf16 or fp32")


def check_processes(devices: int | str | Sequence[int]) -> None:
    """Raise where a CPU cannot be so many devices, which are processes: one per core, and two anywhere to try it.

    Raises:
        UserError: the message says how many there can be.
    """
    present = max(os.cpu_count() or 1, 2)
    if devices == "auto":
        return
    if devices == -1 or not isinstance(devices, int):
        raise UserError(f"trainer.devices={devices}: on a CPU, expected a number of processes, 1 to {present}")
    if devices > present:
        raise UserError(f"trainer.devices={devices}: this machine has {present} processor cores, one per process")
