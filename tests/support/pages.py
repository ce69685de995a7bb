"""HTML pages taken apart."""

from __future__ import annotations

import base64
from html.parser import HTMLParser
from io import BytesIO

from PIL import Image


class Page(HTMLParser):
    """The tags, links and words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def pictures(html: str) -> list[Image.Image]:
    """Every picture of a page, all of which must lie within it."""
    links = Page(html).links
    assert all(link.startswith("data:image/png;base64,") for link in links)
    return [Image.open(BytesIO(base64.b64decode(link.split(",")[1]))) for link in links]
