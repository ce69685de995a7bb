"""The page without a server, in a real browser: a caption goes in, right pictures come out."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
from support.browser import launched, pixels
from support.docs import DOCS

from cvae_lightning.world import V1, judge, parse, word_tables

playwright = pytest.importorskip("playwright.sync_api", reason="the extra browser is not installed")
pytestmark = pytest.mark.browser
CAPTION = "a large blue square above 3 small red circles"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(DOCS / "play")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with launched(playwright) as browser:
        opened = browser.new_page()
        opened.set_default_timeout(120_000)
        opened.asked = []
        opened.on("request", lambda request: opened.asked.append(request.url))
        opened.address = f"http://127.0.0.1:{server.server_port}/"
        opened.goto(opened.address)
        opened.locator("canvas").nth(3).wait_for()
        yield opened
    server.shutdown()


def paint(page: Any, caption: str, seed: int = 0) -> np.ndarray:
    """(4, S, S, 3) the pictures that the page shows of a caption."""
    page.get_by_label("seed").fill(str(seed))
    page.get_by_label("caption").first.fill(caption)
    page.locator("#status").evaluate("status => { status.textContent = '' }")
    page.get_by_role("button", name="Paint").click()
    page.wait_for_function("document.getElementById('status').textContent")
    shown = page.locator("canvas").evaluate_all("all => all.map(one => one.toDataURL())")
    return np.stack([pixels(address) for address in shown])


def test_it_opens_with_right_pictures_and_asks_nothing_of_a_network(page: Any) -> None:
    images = paint(page, CAPTION)
    verdicts = judge(images, [parse(CAPTION, world=V1)] * 4, world=V1)
    assert [verdict.all for verdict in verdicts] == [True] * 4
    assert all(url.startswith((page.address, "blob:", "data:")) for url in page.asked)


def test_a_word_changes_and_the_seed_keeps_the_noise(page: Any) -> None:
    before, again = paint(page, CAPTION, 3), paint(page, CAPTION, 3)
    edited = CAPTION.replace("blue", "green")
    after = paint(page, edited, 3)
    assert np.array_equal(before, again)
    assert all(verdict.all for verdict in judge(after, [parse(edited, world=V1)] * 4, world=V1))
    assert 0 < np.abs(before.astype(int) - after).max(axis=-1).astype(bool).mean() < 0.2
    assert not np.array_equal(before, paint(page, CAPTION, 4))


def test_a_caption_that_leaves_words_open_is_completed_and_a_mistake_is_named(page: Any) -> None:
    images = paint(page, "a star")
    assert all(verdict.all for verdict in judge(images, [parse("a star", world=V1)] * 4, world=V1))
    paint(page, "a red sqare")
    assert "the nearest word is “square”" in page.locator("#status").text_content()
    paint(page, "5 large red stars")
    assert "at most 2 large things" in page.locator("#status").text_content()


def test_the_page_knows_the_shipped_models_words() -> None:
    described = json.loads((DOCS / "play" / "model.json").read_text())
    assert set(word_tables(V1).vocabulary) - {"an"} <= set(described["vocabulary"])
    assert described["words"]["counts"] == dict(word_tables(V1).counts)
