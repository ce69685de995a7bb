"""A page of tables, pictures and commands as data, written as one HTML file or as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from cvae_lightning.reports.charts import svg_inline
from cvae_lightning.reports.templating import page_script, render


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    kind: ClassVar[str] = "text"


@dataclass(frozen=True, slots=True)
class Code:
    """Text to copy, such as a command."""

    text: str
    kind: ClassVar[str] = "code"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under a header, by which a reader may sort them."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    sortable: bool = False
    kind: ClassVar[str] = "table"


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG over its caption."""

    caption: str
    png: bytes
    kind: ClassVar[str] = "picture"


@dataclass(frozen=True, slots=True)
class Chart:
    """An SVG file over its caption.

    Attributes:
        caption: what it shows.
        name: of the file, without its suffix; no other chart of the page has it.
        svg: of :func:`cvae_lightning.reports.charts.svg_file`.
    """

    caption: str
    name: str
    svg: bytes
    kind: ClassVar[str] = "chart"

    @property
    def inline(self) -> str:
        """As an element of the page."""
        return svg_inline(self.svg, self.name, self.caption)


@dataclass(frozen=True, slots=True)
class Shown:
    """A small picture with what is said of it; the verdict, where there is one, is a mark and a word."""

    png: bytes
    words: str
    right: bool | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """Small pictures side by side under one caption."""

    caption: str
    shown: Sequence[Shown]


@dataclass(frozen=True, slots=True)
class Gallery:
    """Cards in rows, as many as fit."""

    cards: Sequence[Card]
    kind: ClassVar[str] = "gallery"


Block = Text | Code | Table | Picture | Chart | Gallery


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a heading; one without blocks is left out."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Document:
    """A page with a title."""

    title: str
    sections: Sequence[Section]

    @property
    def charts(self) -> list[Chart]:
        """Every chart of the page."""
        return [block for section in self.sections for block in section.blocks if isinstance(block, Chart)]

    @property
    def moves(self) -> bool:
        """Whether the page has something that its script is for: tables to sort, charts with tooltips."""
        blocks = [block for section in self.sections for block in section.blocks]
        return bool(self.charts) or any(isinstance(block, Table) and block.sortable for block in blocks)


def to_html(document: Document) -> str:
    """One page that needs no other file, with the pictures in it."""
    return render("page.html.j2", document=document, script=page_script() if document.moves else "")


def to_markdown(document: Document) -> str:
    """The page's words and tables, without its pictures and charts."""
    return render("page.md.j2", document=document)
