"""The two files of a sweep's report: a page that needs no other file, and its words and tables as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cvae_lightning.runs import new_file
from cvae_lightning.runs.layout import SWEEP_PAGE, SWEEP_TEXT
from cvae_lightning.sweeps import Criterion, Sweep, best_first


def sweep_files(output: Path) -> list[Path]:
    """The files to write into a folder."""
    return [output / SWEEP_PAGE, output / SWEEP_TEXT]


def write_sweep_report(sweep: Sweep, by: Criterion, files: Sequence[Path]) -> None:
    """Write the report to the files of :func:`sweep_files`."""
    from cvae_lightning.reports.document import to_html, to_markdown
    from cvae_lightning.reports.sweep import sweep_report

    document = sweep_report(sweep, by)
    for path, text in zip(files, (to_html(document), to_markdown(document)), strict=True):
        with new_file(path) as file:
            file.write(text.encode())


def best_job(sweep: Sweep, by: Criterion) -> str:
    """The best job, and what the sweep shows about it."""
    ranked = best_first(sweep, by)
    if not ranked:
        return "no job has finished"
    from cvae_lightning.reports.comparison import claim

    return f"best job by {by.metric}: {ranked[0].folder}. {claim(sweep, by)}"
