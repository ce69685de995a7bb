"""The script of the documentation's screenshots works, here on a small run: no picture is blank."""

from __future__ import annotations

import shutil
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support import ROOT
from support.browser import find_browser
from support.docs import DOCS
from support.fake_evaluation import write_evaluation
from support.fake_sweep import write_sweep

playwright = pytest.importorskip("playwright.sync_api", reason="the extra browser is not installed")
pytestmark = pytest.mark.browser
TAKEN = ["demo", "demo_edit", "notebook_first_pictures", "notebook_what_beta_does", "run", "evaluation", "sweep"]
TAKEN += ["compare", "tensorboard"]


def test_every_page_is_taken(tiny_run: Path, tmp_path: Path) -> None:
    pytest.importorskip("gradio", reason="the extra demo is not installed")
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
    with module.demo_server() as address, module.browser_page(path) as page:
        module.demo(page, address, output)
        module.notebooks(page, tmp_path, output)
        module.reports(page, tiny_run, evaluations[0], tmp_path, output)
        module.comparisons(page, write_sweep(tmp_path / "sweep"), evaluations, tmp_path, output)
        module.tensorboard(page, Path(shutil.copytree(tiny_run, tmp_path / "run")), tmp_path / "board", output)
    for name in TAKEN:
        pixels = np.asarray(Image.open(output / f"{name}.png").convert("RGB"))
        assert pixels.shape[1] == module.SIZE["width"]
        assert pixels.shape[0] == module.SIZE["height"] or name == "demo"  # the whole page
        assert pixels.std() > 10
    assert {*TAKEN, "play"} == {file.stem for file in module.SCREENS.iterdir()}


def test_every_screenshot_is_shown_on_a_page() -> None:
    shown = "".join(page.read_text() for page in [ROOT / "README.md", *DOCS.rglob("*.md")])
    for file in (DOCS / "images" / "screens").iterdir():
        assert f"images/screens/{file.name})" in shown, file.name
