"""A page says what it is given and nothing else: no markup from words, nothing from outside."""

import base64
from io import BytesIO

import pytest
from PIL import Image
from support.pages import Page

from cvae_lightning.reports.document import Code, Document, Picture, Section, Table, Text, to_html, to_markdown

EVIL = "<script>alert(1)</script>\"'><img src=http://example.org/x.png> | a `b` *c* [d](e)"


@pytest.fixture
def document() -> Document:
    file = BytesIO()
    Image.new("RGB", (3, 2), (9, 8, 7)).save(file, "PNG")
    blocks = (Text(EVIL), Code(EVIL), Table([EVIL, "b"], [[EVIL, "2"]]), Picture(EVIL, file.getvalue()))
    return Document(EVIL, (Section(EVIL, blocks), Section("left out", ())))


def test_words_stay_words(document: Document) -> None:
    page = Page(to_html(document))
    assert "script" not in page.tags
    assert page.words.count(EVIL) == 8  # title twice, heading, text, code, two cells, a caption
    assert "left out" not in to_html(document)


def test_the_only_link_is_the_picture_itself(document: Document) -> None:
    (link,) = Page(to_html(document)).links
    kind, data = link.split(",", 1)
    assert kind == "data:image/png;base64"
    assert Image.open(BytesIO(base64.b64decode(data))).getpixel((0, 0)) == (9, 8, 7)


def test_markdown_keeps_cells_in_their_columns_and_leaves_pictures_out(document: Document) -> None:
    lines = to_markdown(document).splitlines()
    rows = [line for line in lines if line.startswith("| ")]
    assert [row.replace("\\|", "").count("|") for row in rows] == [3, 3, 3]
    assert "base64" not in "".join(lines)
    assert EVIL in lines  # code, between its fences
    assert "\\<script>" in lines[0]
