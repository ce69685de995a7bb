"""Read a sweep or a search: ``python -m cvae_lightning.report sweep=FOLDER``."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning.cli.app import command
from cvae_lightning.runs.images import refuse_existing
from cvae_lightning.runs.layout import SWEEP_PAGE, SWEEP_TEXT
from cvae_lightning.sweeps import criterion, read_sweep
from cvae_lightning.sweeps.ranking import DEFAULT, check_mode


def report(sweep: str | Path, output: Path, metric: str = DEFAULT, mode: str | None = None) -> list[Path]:
    """Write ``report.html``, one page that needs no other file, and ``report.md``, its words and tables.

    Args:
        sweep: the folder of a multirun or a study.
        output: the folder to write into.
        metric: what jobs are compared by.
        mode: ``max`` or ``min``; None where the metric's name says which is better.

    Returns:
        the files written.

    Raises:
        UserError: what is wrong with the request; nothing is written then.
    """
    check_mode(mode)
    files = [output / SWEEP_PAGE, output / SWEEP_TEXT]
    refuse_existing(files)
    read = read_sweep(sweep)
    by = criterion(read, metric, mode)

    from cvae_lightning.reports.document import to_html, to_markdown
    from cvae_lightning.reports.sweep import sweep_report

    document = sweep_report(read, by)
    output.mkdir(parents=True, exist_ok=True)
    for path, text in zip(files, (to_html(document), to_markdown(document)), strict=True):
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    return files


def job(config: DictConfig) -> None:
    """The command's work."""
    for path in report(str(config.sweep), Path(config.output), config.metric, config.mode):
        print(path)


def main() -> None:
    """The command line."""
    command("report", job)


if __name__ == "__main__":
    main()
