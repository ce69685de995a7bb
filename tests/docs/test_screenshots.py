"""The script of the documentation's screenshots works, here on a small run: no picture is blank."""

from __future__ import annotations

import shutil
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.browser import find_browser
from support.docs import DOCS
from support.fake_evaluation import write_evaluation

playwright = pytest.importorskip("playwright.sync_api", reason="the extra browser is not installed")
pytestmark = pytest.mark.browser


def test_reports_and_tensorboard_are_taken(tiny_run: Path, tmp_path: Path) -> None:
    with playwright.sync_playwright() as driver:
        path = find_browser(driver.chromium)
    spec = spec_from_file_location("make_screenshots", DOCS / "make_screenshots.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    evaluations = [write_evaluation(tmp_path / name, {"test": [True, name == "b"]}) for name in "ab"]
    output = tmp_path / "screens"
    output.mkdir()
    with module.browser_page(path) as page:
        module.reports(page, tiny_run, evaluations, tmp_path, output)
        module.tensorboard(page, Path(shutil.copytree(tiny_run, tmp_path / "run")), tmp_path / "board", output)
    for name in ("run", "compare", "tensorboard"):
        pixels = np.asarray(Image.open(output / f"{name}.png").convert("RGB"))
        assert pixels.shape[:2] == (module.SIZE["height"], module.SIZE["width"])
        assert pixels.std() > 10
    assert {"run", "compare", "tensorboard", "play"} <= {file.stem for file in (DOCS / "images" / "screens").iterdir()}
