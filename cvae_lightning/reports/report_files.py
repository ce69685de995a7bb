"""The files of every report: a page that needs no other file, its words and tables as Markdown, its charts as SVG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cvae_lightning.runs import write_new
from cvae_lightning.runs.layout import FIGURES, REPORT_PAGE, REPORT_TEXT

if TYPE_CHECKING:
    from cvae_lightning.reports.document import Document


def report_files(output: Path) -> list[Path]:
    """What a report would overwrite in a folder: a page, its text and the folder of its charts."""
    return [output / REPORT_PAGE, output / REPORT_TEXT, output / FIGURES]


def write_report(document: Document, output: Path) -> list[Path]:
    """Write a page into a folder.

    Returns:
        the page, its text and, where it has charts, their folder.
    """
    from cvae_lightning.reports.document import to_html, to_markdown

    texts = {REPORT_PAGE: to_html(document).encode(), REPORT_TEXT: to_markdown(document).encode()}
    files = write_new(output, texts)
    charts = {f"{chart.name}.svg": chart.svg for chart in document.charts}
    if charts:
        write_new(output / FIGURES, charts)
        files.append(output / FIGURES)
    return files
