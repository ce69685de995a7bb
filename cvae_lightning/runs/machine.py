"""Whether this machine can have a device for PyTorch's ``cuda``, without importing PyTorch."""

from __future__ import annotations

import sys
from pathlib import Path

NO_CUDA = "PyTorch finds no CUDA device here"
DRIVERS = ("nvidia*", "nvhost*", "nvmap", "kfd", "dxg")
"""Files in ``/dev`` of which a driver makes one: NVIDIA's, those of its boards, AMD's, and Windows' for Linux."""


def may_have_gpu(devices: Path = Path("/dev"), platform: str = sys.platform) -> bool:
    """False where no driver of a GPU runs; true where PyTorch has to be asked, as on other systems than Linux.

    Args:
        devices: the system's folder of devices.
        platform: as ``sys.platform``.

    Example:
        >>> may_have_gpu(Path("no_devices"), "linux"), may_have_gpu(Path("no_devices"), "win32")
        (False, True)
    """
    return platform != "linux" or any(True for pattern in DRIVERS for _ in devices.glob(pattern))
