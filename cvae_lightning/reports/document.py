"""A page of tables, pictures and commands, written as one HTML file or as Markdown."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from typing import NamedTuple

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Content security policy: the page asks nothing of any network and runs no script."""
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2.5rem; border-bottom: 1px solid #ddd }
table { border-collapse: collapse; display: block; overflow-x: auto; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #eee; text-align: left; vertical-align: top }
th { background: #f5f5f5 } img { max-width: 100% } figure { margin: 1rem 0 } figcaption { color: #555 }
pre { background: #f5f5f5; padding: .7rem; white-space: pre-wrap; overflow-wrap: anywhere }
"""


class Text(NamedTuple):
    """A paragraph."""

    text: str


class Code(NamedTuple):
    """Words to copy, such as a command."""

    text: str


class Table(NamedTuple):
    """Rows of cells under a header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


class Picture(NamedTuple):
    """A PNG over its caption."""

    caption: str
    png: bytes


Block = Text | Code | Table | Picture


class Section(NamedTuple):
    """Blocks under a heading; one without blocks is left out."""

    title: str
    blocks: Sequence[Block]


class Document(NamedTuple):
    """A titled page."""

    title: str
    sections: Sequence[Section]


def to_html(document: Document) -> str:
    """One self-contained page: its style and pictures are in it, whatever the words say is shown as words."""
    title = html.escape(document.title)
    body = "\n".join(
        f"<h2>{html.escape(section.title)}</h2>\n" + "\n".join(_html(block) for block in section.blocks)
        for section in document.sections
        if section.blocks
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )


def to_markdown(document: Document) -> str:
    """The page's words and tables; its pictures are in the HTML alone."""
    parts = [f"# {_line(document.title)}"]
    for section in document.sections:
        blocks = [_markdown(block) for block in section.blocks if not isinstance(block, Picture)]
        parts += [f"## {_line(section.title)}", *blocks] if blocks else []
    return "\n\n".join(parts) + "\n"


def _html(block: Block) -> str:
    match block:
        case Text(text):
            return f"<p>{html.escape(text)}</p>"
        case Code(text):
            return f"<pre>{html.escape(text)}</pre>"
        case Picture(caption, png):
            said, data = html.escape(caption), base64.b64encode(png).decode()
            return (
                f'<figure><img alt="{said}" src="data:image/png;base64,{data}"><figcaption>{said}</figcaption></figure>'
            )
        case Table(header, rows):
            top = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
            lines = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
            return f"<table>\n<tr>{top}</tr>\n" + "".join(f"<tr>{line}</tr>\n" for line in lines) + "</table>"


def _markdown(block: Text | Code | Table) -> str:
    match block:
        case Text(text):
            return _line(text)
        case Code(text):
            fence = "`" * max(3, 1 + max((len(run) for run in _ticks(text)), default=0))
            return f"{fence}\n{text}\n{fence}"
        case Table(header, rows):
            lines = [header, ["---"] * len(header), *rows]
            return "\n".join("| " + " | ".join(_line(cell) for cell in line) + " |" for line in lines)


def _ticks(text: str) -> list[str]:
    return [run for run in "".join(c if c == "`" else " " for c in text).split() if run]


def _line(text: str) -> str:
    """Words as Markdown shows them: on one line, no markup among them."""
    flat = " ".join(text.split()).replace("\\", "\\\\")
    for mark in "|<`*[":
        flat = flat.replace(mark, f"\\{mark}")
    return flat
