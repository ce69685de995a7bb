"""The demo in a real browser: a caption is typed, a right picture comes, a word is edited, and nothing leaks."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from support import ROOT
from support.browser import launched, pixels

from cvae_lightning import CaptionTokenizer, ConditionalVAE, Painter, load
from cvae_lightning.web import actions
from cvae_lightning.web.safety import MOST_BYTES
from cvae_lightning.world import judge, parse

pytest.importorskip("gradio", reason="the extra demo is not installed")
playwright = pytest.importorskip("playwright.sync_api", reason="the extra browser is not installed")
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    from cvae_lightning.web.server import served

    with served(load()) as opened:
        yield opened


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Any]:
    with launched(playwright) as browser:
        opened = browser.new_page()
        opened.set_default_timeout(60_000)
        opened.asked, opened.answered = [], []
        opened.on("request", lambda request: opened.asked.append(request.url))
        opened.on("response", lambda response: opened.answered.append(response))
        opened.goto(address)
        opened.locator("#samples figure").nth(3).wait_for()
        yield opened


def box(page: Any, name: str) -> Any:
    return page.locator(f"#{name} textarea, #{name} input").first


def shown(page: Any, name: str) -> np.ndarray:
    """(N, S, S, 3) the pictures of a result."""
    sources = page.locator(f"#{name} figure img").evaluate_all("all => all.map(one => one.src)")
    return np.stack([pixels(source) for source in sources])


def test_a_typo_is_mended_by_a_click_and_the_pictures_are_judged_right(page: Any) -> None:
    caption = box(page, "caption")
    caption.fill("")
    caption.press_sequentially("a small red sqare ")
    page.locator("#caption-help").get_by_role("button", name="square", exact=True).click()
    page.locator("#caption-help .complete").wait_for()
    before = page.locator("#samples img").first.get_attribute("src")
    caption.press("Enter")
    page.wait_for_function("before => document.querySelector('#samples img').src !== before", arg=before)
    assert caption.input_value().strip() == "a small red square"
    verdicts = judge(shown(page, "samples"), [parse("a small red square")] * 4)
    assert [verdict.all for verdict in verdicts] == [True] * 4
    assert page.locator("#samples figure.right").count() == 4
    outline = page.locator("#samples svg.detected circle").first
    assert not outline.is_visible()
    page.locator("#outline input").check()
    outline.wait_for()


def test_a_word_is_edited_and_the_noise_kept(page: Any) -> None:
    page.get_by_role("tab", name="Edit words").click()
    page.locator("#changes button", has_text="red →").first.click()
    page.locator("#edits figure").nth(1).wait_for()
    edited = box(page, "edited").input_value().strip()
    before, after = shown(page, "edits")
    assert np.array_equal(before, shown(page, "samples")[0])
    assert edited != "a small red square"
    assert judge(after[None], [parse(edited)])[0].all
    assert 0 < np.abs(before.astype(int) - after).max(axis=-1).astype(bool).mean() < 0.2


def test_a_slot_is_moved_and_a_picture_is_reconstructed(page: Any) -> None:
    page.get_by_role("tab", name="Move a latent").click()
    page.locator("#moved figure").wait_for()
    before = page.locator("#moved img").get_attribute("src")
    page.locator("#first input[type=number]").fill("0.8")
    page.locator("#first input[type=number]").press("Enter")
    page.wait_for_function("before => document.querySelector('#moved img').src !== before", arg=before)
    assert judge(shown(page, "moved"), [parse("a small red square")])[0].all
    page.get_by_role("tab", name="Your picture").click()
    page.locator("#take-sample").click()
    page.locator("#rates table").wait_for()
    assert np.array_equal(shown(page, "reconstruction")[0], shown(page, "samples")[0])
    moved, given = BytesIO(), shown(page, "moved")[0]
    Image.fromarray(given).save(moved, "PNG")
    page.locator("#upload input").set_input_files(
        {"name": "mine.png", "mimeType": "image/png", "buffer": moved.getvalue()}
    )
    before = page.locator("#reconstruction img").first.get_attribute("src")
    page.locator("#upload img").wait_for()
    page.locator("#reconstruct").click()
    page.wait_for_function("before => document.querySelector('#reconstruction img').src !== before", arg=before)
    assert np.array_equal(shown(page, "reconstruction")[0], given)


def test_no_network_is_asked_and_no_path_or_traceback_is_shown(
    page: Any, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"secret of {ROOT}")

    page.get_by_role("tab", name="Samples").click()
    monkeypatch.setattr(actions, "samples", fails)
    page.locator("#paint").click()
    page.locator("#samples .problem", has_text="did not work").wait_for()
    assert all(url.startswith((address, "data:", "blob:")) for url in page.asked)
    texts = [answer.text() for answer in page.answered if "json" in answer.headers.get("content-type", "")]
    for text in [page.content(), urllib.request.urlopen(address).read().decode(), *texts]:
        assert not [word for word in (str(ROOT), "site-packages", "Traceback", "secret of") if word in text]
    connection = HTTPConnection(address.split("/")[2])
    connection.putrequest("POST", "/gradio_api/queue/join")
    connection.putheader("Content-Length", str(MOST_BYTES + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413


def test_there_is_a_page_for_a_model_of_own_pictures() -> None:
    from cvae_lightning.web.build import build_page

    torch.manual_seed(0)
    tokenizer = CaptionTokenizer(free_text=True).fit(["my dog", "my red house"])
    sizes = {"image_size": 32, "latent_dim": 4, "caption_dim": 8, "base_channels": 8, "stages": 3}
    page = build_page(Painter(ConditionalVAE(len(tokenizer), **sizes), tokenizer, world=None))
    parts = {part["props"].get("label"): part["props"] for part in page.get_config_file()["components"]}
    assert parts["Caption"]["value"] == "dog"
    assert parts["Best of"]["visible"] is parts["Outline the detected objects"]["visible"] is False
    assert "Solver" not in parts
