"""A browser for tests that look at pages, and the pixels that a page shows."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image


def find_browser(chromium: Any) -> str:
    """A Chromium of the system, or the one that playwright has downloaded; skips the test where there is none."""
    named = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "chrome"))
    own = chromium.executable_path
    path = next((path for path in named if path), own if Path(own).exists() else None)
    if path is None:
        pytest.skip("no Chromium: install the system's package or run playwright install chromium")
    return path


@contextmanager
def launched(playwright: Any) -> Iterator[Any]:
    """A browser of the module ``playwright.sync_api``."""
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_browser(driver.chromium))
        yield browser
        browser.close()


def pixels(address: str) -> NDArray[np.uint8]:
    """(S, S, 3) of a PNG as a data address."""
    return np.asarray(Image.open(BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGB"))
