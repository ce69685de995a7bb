"""The work of ``report``: read a sweep, a run, an evaluation or two evaluations, as one page."""

from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning.cli.result import done
from cvae_lightning.reports.report_files import report_files, write_report
from cvae_lightning.reports.report_kinds import KINDS, kind_of
from cvae_lightning.runs.images import refuse_existing
from cvae_lightning.sweeps.ranking import check_mode


def job(config: DictConfig) -> None:
    """Write ``report.html``, one page that needs no other file, ``report.md``, its words and tables, and its charts."""
    check_mode(config.mode)
    kind, output = kind_of({name: config[name] for name in KINDS}), Path(config.output)
    refuse_existing(report_files(output))
    document, result, following = KINDS[kind](config)
    done(write_report(document, output), result, following)
