"""Precision and memory format: checked against the machine, or chosen for it, before any work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from typing import NamedTuple

import torch

from cvae_lightning.errors import UserError, nearest_hint

PRECISIONS = {
    "fp32": "32-true",
    "bf16": "bf16-mixed",
    "fp16": "16-mixed",
    "32-true": "32-true",
    "bf16-mixed": "bf16-mixed",
    "16-mixed": "16-mixed",
    "32": "32-true",
}
"""What a user may write, and Lightning's name for it."""


class Hardware(NamedTuple):
    """Where and how a model runs.

    Attributes:
        accelerator: Lightning's name, ``cpu`` or ``gpu`` (or another that was asked for).
        precision: Lightning's name, such as ``bf16-mixed``.
        channels_last: whether images are laid out channels-last.
    """

    accelerator: str
    precision: str
    channels_last: bool

    def __str__(self) -> str:
        layout = "channels_last" if self.channels_last else "contiguous"
        return f"{self.accelerator}, precision {self.precision}, {layout}"


def choose(accelerator: str = "auto", precision: str = "auto", channels_last: bool | str = "auto") -> Hardware:
    """Check what was asked for and fill in ``auto`` with what is fastest and safe here.

    bf16 is chosen only where the processor multiplies it natively; channels-last always, as the
    convolutions of this package were never slower for it.

    Raises:
        UserError: the machine lacks what was asked for, or a name is unknown.
    """
    if accelerator == "auto":
        accelerator = "gpu" if torch.cuda.is_available() else "cpu"
    if accelerator in ("gpu", "cuda") and not torch.cuda.is_available():
        raise UserError("trainer.accelerator=gpu: PyTorch finds no CUDA device here; use trainer=cpu")
    if precision == "auto":
        native = _multiplies_bf16(accelerator)
        precision = "bf16-mixed" if native else "32-true"
    elif precision not in PRECISIONS:
        raise UserError(
            f"trainer.precision={precision}: expected auto, fp32, bf16 or fp16{nearest_hint(precision, PRECISIONS)}"
        )
    precision = PRECISIONS[precision]
    _check(accelerator, precision)
    return Hardware(accelerator, precision, channels_last in ("auto", True))


def native_precisions(accelerator: str = "auto") -> list[str]:
    """The precisions that the device multiplies natively; others may be emulated, a hundred times slower."""
    device = choose(accelerator, "fp32").accelerator
    half = ["fp16"] if device in ("gpu", "cuda") else []
    return ["fp32", *(["bf16"] if _multiplies_bf16(device) else []), *half]


def check_compiler() -> None:
    """Raise where ``torch.compile`` would find no C++ compiler.

    Raises:
        UserError: the message says how to name one.
    """
    compiler = os.environ.get("CXX", "g++")
    if shutil.which(compiler) is None:
        raise UserError(
            f"compile=true: torch.compile needs a C++ compiler, and there is no {compiler} here; install one, name it "
            "in the environment variable CXX, or leave compile out"
        )


def check_devices(accelerator: str, devices: int | str | Sequence[int]) -> None:
    """Raise where the machine has fewer devices than are asked for.

    On a CPU, devices are processes: one per core at most, and two anywhere, to try what several processes do.

    Args:
        accelerator: a resolved name, as in :class:`Hardware`.
        devices: how many, which ones, ``auto``, or -1 for all.

    Raises:
        UserError: there are not so many.
    """
    if devices == "auto":
        return
    gpu = accelerator in ("gpu", "cuda")
    present = torch.cuda.device_count() if gpu else max(os.cpu_count() or 1, 2)
    if not gpu and (devices == -1 or not isinstance(devices, int)):
        raise UserError(f"trainer.devices={devices}: on a CPU, expected a number of processes, 1 to {present}")
    wanted = devices if isinstance(devices, int) else max(map(int, devices)) + 1
    if wanted > present:
        things = f"{present} GPU{'s' * (present > 1)}" if gpu else f"{present} processor cores, one per process"
        raise UserError(f"trainer.devices={devices}: this machine has {things}")
    if not isinstance(devices, int) and len({*devices}) < len(devices):
        raise UserError(f"trainer.devices={devices}: each index is expected once")


def count_devices(accelerator: str, devices: int | str | Sequence[int]) -> int:
    """How many devices are meant by :func:`check_devices`'s arguments, which it has accepted."""
    if devices in ("auto", -1, "-1"):
        return torch.cuda.device_count() if accelerator in ("gpu", "cuda") else 1
    return devices if isinstance(devices, int) else len(devices)


def _multiplies_bf16(accelerator: str) -> bool:
    if accelerator in ("gpu", "cuda"):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def _check(accelerator: str, precision: str) -> None:
    if precision == "16-mixed" and accelerator == "cpu":
        raise UserError("trainer.precision=fp16: a CPU has no fp16 training; use bf16 or fp32")
    if precision == "bf16-mixed" and accelerator in ("gpu", "cuda") and not _multiplies_bf16(accelerator):
        raise UserError("trainer.precision=bf16: this GPU has no bf16 arithmetic; use fp16 or fp32")
