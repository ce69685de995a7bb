"""What ``report`` can read, by the argument that names it: each gives a page, a sentence and the next command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cvae_lightning.errors import UserError

if TYPE_CHECKING:
    from cvae_lightning.reports.document import Document


class Made(NamedTuple):
    """A page, what it says in one sentence, and the command that usually comes next."""

    document: Document
    sentence: str
    following: str = ""


def _sweep(config: Mapping[str, Any]) -> Made:
    from cvae_lightning.sweeps import best_first, criterion, read_sweep

    sweep = read_sweep(str(config["sweep"]))
    by = criterion(sweep, config["metric"], config["mode"])
    from cvae_lightning.reports.comparison import claim
    from cvae_lightning.reports.sweep import sweep_report

    ranked = best_first(sweep, by)
    sentence = f"best job by {by.metric}: {ranked[0].folder}. {claim(sweep, by)}" if ranked else "no job has finished"
    return Made(sweep_report(sweep, by), sentence, "evaluate run=FOLDER, with the best job's folder")


def _run(config: Mapping[str, Any]) -> Made:
    from cvae_lightning.reports.run_record import read_run

    record = read_run(Path(str(config["run"])), config["evaluation"] and Path(str(config["evaluation"])))
    from cvae_lightning.reports.run_page import run_page

    return Made(run_page(record), record.sentence, f"evaluate run={record.folder}")


def _evaluation(config: Mapping[str, Any]) -> Made:
    from cvae_lightning.reports.evaluation_files import headline, read_evaluation
    from cvae_lightning.reports.kept_samples import read_samples
    from cvae_lightning.runs import content_of
    from cvae_lightning.runs.layout import RESULTS, SAMPLES

    folder = Path(str(config["evaluation"]))
    results = read_evaluation(folder)
    samples = read_samples(folder) if (folder / SAMPLES).is_file() else []
    from cvae_lightning.reports.evaluation_page import evaluation_page

    with content_of(folder / RESULTS):
        return Made(evaluation_page(results, samples, folder), headline(results))


def _compare(config: Mapping[str, Any]) -> Made:
    from cvae_lightning.reports.compared import read_compared
    from cvae_lightning.runs import content_of

    value = config["compare"]
    folders = [value] if isinstance(value, str) else [str(one) for one in value]
    compared = read_compared(folders)
    from cvae_lightning.reports.compare import compare_report, headline

    with content_of(Path(folders[0])):
        return Made(compare_report(compared), headline(compared))


KINDS: dict[str, Callable[[Mapping[str, Any]], Made]] = {
    "sweep": _sweep,
    "run": _run,
    "evaluation": _evaluation,
    "compare": _compare,
}


def kind_of(given: Mapping[str, Any]) -> str:
    """Which of ``KINDS`` is asked for; an evaluation beside a run is a part of the run's page.

    Raises:
        UserError: none is, or several are.

    Example:
        >>> kind_of({"sweep": None, "run": "a", "evaluation": "b", "compare": None})
        'run'
    """
    chosen = [name for name in KINDS if given[name] is not None]
    if chosen == ["run", "evaluation"]:
        return "run"
    if len(chosen) != 1:
        found = f"found {' and '.join(f'{name}=' for name in chosen)}" if chosen else "found none"
        raise UserError(
            f"report reads one thing: expected sweep=, run=, evaluation= or compare=[FIRST,SECOND], {found}; such as: "
            "python -m cvae_lightning.report run=RUN_FOLDER"
        )
    return chosen[0]
