"""A browser for tests that look at pages, and the pixels that a page shows."""

from __future__ import annotations

import base64
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def find_browser(chromium: Any) -> str | None:
    """A Chromium of the system, or the one that playwright has downloaded."""
    named = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "chrome"))
    own = chromium.executable_path
    return next((path for path in named if path), own if Path(own).exists() else None)


def pixels(address: str) -> NDArray[np.uint8]:
    """(S, S, 3) of a PNG as a data address."""
    return np.asarray(Image.open(BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGB"))
