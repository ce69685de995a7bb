"""A page of tables, pictures and commands as data, written as one HTML file or as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from cvae_lightning.reports.templating import render


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
    """Rows of cells under a header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    kind: ClassVar[str] = "table"


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG over its caption."""

    caption: str
    png: bytes
    kind: ClassVar[str] = "picture"


Block = Text | Code | Table | Picture


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


def to_html(document: Document) -> str:
    """One page that needs no other file, with the pictures in it."""
    return render("page.html.j2", document=document)


def to_markdown(document: Document) -> str:
    """The page's words and tables, without its pictures."""
    return render("page.md.j2", document=document)
