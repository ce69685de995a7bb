"""Precision and memory format: checked against the machine, or chosen for it, before any work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from typing import NamedTuple

import torch

from cvae_lightning.cli.machine import PRECISIONS, check_cpu_precision, check_processes
from cvae_lightning.errors import UserError, nearest_hint
from cvae_lightning.runs.machine import NO_CUDA


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
        raise UserError(f"trainer.accelerator=gpu: {NO_CUDA}; use trainer=cpu")
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

    On a CPU, devices are processes: see :func:`cvae_lightning.cli.machine.check_processes`.

    Args:
        accelerator: a resolved name, as in :class:`Hardware`.
        devices: how many, which ones, ``auto``, or -1 for all.

    Raises:
        UserError: there are not so many.
    """
    if accelerator not in ("gpu", "cuda"):
        check_processes(devices)
        return
    if devices == "auto":
        return
    present = torch.cuda.device_count()
    wanted = devices if isinstance(devices, int) else max(map(int, devices)) + 1
    if wanted > present:
        raise UserError(f"trainer.devices={devices}: this machine has {present} GPU{'s' * (present > 1)}")
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
    if accelerator == "cpu":
        check_cpu_precision(precision)
    if precision == "bf16-mixed" and accelerator in ("gpu", "cuda") and not _multiplies_bf16(accelerator):
        raise UserError("trainer.precision=bf16: this GPU has no bf16 arithmetic; use fp16 or fp32")
