"""The work of ``report``: read a sweep or a search."""

from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning.cli.result import done
from cvae_lightning.reports.sweep_files import best_job, sweep_files, write_sweep_report
from cvae_lightning.runs.images import refuse_existing
from cvae_lightning.sweeps import criterion, read_sweep
from cvae_lightning.sweeps.ranking import check_mode


def job(config: DictConfig) -> None:
    """Write ``report.html``, one page that needs no other file, and ``report.md``, its words and tables."""
    check_mode(config.mode)
    files = sweep_files(Path(config.output))
    refuse_existing(files)
    sweep = read_sweep(str(config.sweep))
    by = criterion(sweep, config.metric, config.mode)
    write_sweep_report(sweep, by, files)
    done(files, best_job(sweep, by), "evaluate run=FOLDER, with the best job's folder")
