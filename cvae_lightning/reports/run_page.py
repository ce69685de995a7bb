"""A run as one page: what came of it, alarms, curves, pictures, settings, and its evaluation where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cvae_lightning.errors import UserError
from cvae_lightning.reports.charts import svg_file
from cvae_lightning.reports.curves import curves_with_tips
from cvae_lightning.reports.document import Block, Chart, Code, Document, Picture, Section, Table, Text
from cvae_lightning.reports.evaluation_files import headline, is_of_pictures
from cvae_lightning.reports.evaluation_page import consistency
from cvae_lightning.reports.run_record import RunRecord
from cvae_lightning.reports.words import in_words
from cvae_lightning.runs import override_key
from cvae_lightning.runs.images import read_image
from cvae_lightning.runs.layout import RECONSTRUCTION_PICTURE, SAMPLES_PICTURE

PICTURES = {
    SAMPLES_PICTURE: "Painted from validation captions, the first of a fixed seed; a tick: the judge passes it",
    RECONSTRUCTION_PICTURE: "Validation scenes and their reconstructions",
}
SUMMED = ("steps", "epochs", "parameters", "training_minutes", "images_per_second", "hardware")
"""What ``metrics.json`` says besides metrics."""


def run_page(run: RunRecord) -> Document:
    """The page about a run."""
    return Document(
        f"Run: {run.config.get('name') or run.folder.resolve().name}",
        (
            Section("In short", tuple(_summary(run))),
            Section("Alarms and warnings", tuple(_warnings(run))),
            Section("Curves", tuple(_curves(run))),
            Section("Pictures", tuple(_pictures(run))),
            Section("Evaluation", tuple(_evaluation(run))),
            Section("Last metrics", tuple(_metrics(run))),
            Section("Settings", tuple(_settings(run))),
            Section("Where it ran", tuple(_environment(run))),
        ),
    )


def _summary(run: RunRecord) -> Iterator[Block]:
    yield Text(run.sentence)
    rows = [[name.replace("_", " "), _number(run.summary[name])] for name in SUMMED if name in run.summary]
    if rows:
        yield Table(["", ""], rows)
    if command := run.environment.get("command"):
        yield Code(str(command))


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _warnings(run: RunRecord) -> Iterator[Block]:
    if run.warnings is None:
        yield Text("Not known: the folder has no train.log.")
    elif run.warnings:
        yield Table(["warning"], [[line] for line in run.warnings])
    else:
        yield Text("None.")


def _curves(run: RunRecord) -> Iterator[Block]:
    if run.table:
        caption = "Training and validation over training steps; the point of a validation shows its value"
        yield Chart(caption, "curves", svg_file(curves_with_tips(list(run.table))))


def _pictures(run: RunRecord) -> Iterator[Block]:
    for name, caption in PICTURES.items():
        try:
            read_image(run.folder / name)
        except UserError:
            yield Text(f"It has no readable {name}.")
        else:
            yield Picture(caption, (run.folder / name).read_bytes())


def _evaluation(run: RunRecord) -> Iterator[Block]:
    if not run.evaluation:
        yield Text("None was given: evaluate the run, and add evaluation=FOLDER.")
        return
    yield Text(headline(run.evaluation))
    if not is_of_pictures(run.evaluation):
        yield from consistency(run.evaluation["splits"])


def _metrics(run: RunRecord) -> Iterator[Block]:
    if run.metrics:
        rows = [
            [name, words if (words := in_words(name)) != name else "", f"{value:.6g}"]
            for name, value in run.metrics.items()
        ]
        yield Table(["metric", "in words", "last value"], rows, sortable=True)


def _settings(run: RunRecord) -> Iterator[Block]:
    """Every setting; those that the command named come first."""
    given = {override_key(argument) for argument in run.arguments}
    named = {key: any(key == one or key.startswith(f"{one}.") for one in given) for key in run.config}
    if run.arguments:
        yield Code(" ".join(run.arguments))
    ordered = sorted(run.config.items(), key=lambda item: not named[item[0]])
    rows = [[key, _short(value), *(["yes" if named[key] else ""] if given else [])] for key, value in ordered]
    yield Table(["setting", "value", *(["named by the command"] if given else [])], rows, sortable=True)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]} ..."


def _environment(run: RunRecord) -> Iterator[Block]:
    rows = []
    for key, value in run.environment.items():
        if isinstance(value, dict):
            rows += [[f"{key}: {name}", _short(item)] for name, item in value.items()]
        elif key != "command":
            rows.append([key, _short(value)])
    if rows:
        yield Table(["", ""], rows)
