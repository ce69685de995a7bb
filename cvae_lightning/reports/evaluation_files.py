"""The files of an evaluation: numbers, a report and a page, its pictures and samples, and where it ran."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cvae_lightning.errors import UserError
from cvae_lightning.runs import ENVIRONMENT, REPORT, RESULTS, environment, new_file, read_mapping
from cvae_lightning.runs.counted import counted
from cvae_lightning.runs.layout import EVALUATION_PAGE, SAMPLES


def evaluation_files(output: Path) -> list[Path]:
    """What an evaluation would overwrite in a folder."""
    names = (RESULTS, REPORT, SAMPLES, EVALUATION_PAGE, ENVIRONMENT)
    return [output / name for name in names] + sorted(output.glob("*.png"))


def is_of_pictures(results: Mapping[str, Any]) -> bool:
    """Whether the results are of a model of own pictures, which has no judge."""
    return "features" in results


def write_evaluation(results: dict[str, Any], splits: Mapping[str, Any], output: Path, minutes: float) -> Path:
    """Write ``evaluation.json``, ``.md`` and ``.html``, pictures, ``samples.jsonl`` and ``environment.json``.

    Args:
        results: the content of ``evaluation.json``.
        splits: what was measured on each split, for the pictures: a :class:`SplitResult
            <cvae_lightning.evaluation.split_result.SplitResult>` each, or a :class:`PicturesResult
            <cvae_lightning.evaluation.pictures.PicturesResult>` of own pictures.
        output: the folder to write into.
        minutes: how long it took.

    Returns:
        the report.
    """
    from cvae_lightning.reports.document import to_html
    from cvae_lightning.reports.evaluation import evaluation_report
    from cvae_lightning.reports.evaluation_page import evaluation_page
    from cvae_lightning.reports.evaluation_pictures import draw_evaluation
    from cvae_lightning.reports.kept_samples import own_samples_text, read_samples, samples_text
    from cvae_lightning.reports.pictures_evaluation import draw_split, pictures_report

    output.mkdir(parents=True, exist_ok=True)
    if is_of_pictures(results):
        for split, result in splits.items():
            draw_split(result, split, output)
        kept = own_samples_text(splits)
    else:
        draw_evaluation(results, splits, output)
        kept = samples_text(splits)
    if kept:  # a split of one picture has no captions to choose from
        write_file(output / SAMPLES, kept)
    samples = read_samples(output) if kept else []
    write_file(output / EVALUATION_PAGE, to_html(evaluation_page(results, samples, output)))
    write_file(output / REPORT, pictures_report(results) if is_of_pictures(results) else evaluation_report(results))
    write_file(output / RESULTS, json.dumps(results, indent=1) + "\n")
    write_file(output / ENVIRONMENT, json.dumps(environment() | {"minutes": minutes}, indent=1) + "\n")
    return output / REPORT


def headline(results: Mapping[str, Any]) -> str:
    """The share of right samples on the first split, or of own pictures whose caption is found, in one sentence."""
    if is_of_pictures(results):
        from cvae_lightning.reports.pictures_evaluation import pictures_headline

        return pictures_headline(results)
    split, found = next(iter(results["splits"].items()))
    right = found["samples"]["atoms"]["all"]
    return f"{100 * right['share']:.1f} % of {counted(right['of'], 'sample')} on {split} say what their captions say"


def read_evaluation(folder: Path, key: str = "evaluation") -> dict[str, Any]:
    """The results in an evaluation's folder, which an argument ``key=`` names.

    Raises:
        UserError: there are none.
    """
    if not (folder / RESULTS).is_file():
        raise UserError(f"{key}={folder}: the folder has no {RESULTS}")
    parts = {"checkpoint": dict, "settings": dict, "splits": dict, "diversity": dict}
    results = read_mapping(folder / RESULTS, parts)
    own_pictures = {"diversity"} if is_of_pictures(results) else set()
    if lacking := set(parts) - set(results) - own_pictures:
        raise UserError(f"{folder / RESULTS} is not an evaluation: it lacks {', '.join(sorted(lacking))}")
    if not all(isinstance(results["checkpoint"].get(key), str) for key in ("name", "sha256")):
        raise UserError(f"{folder / RESULTS} is not an evaluation: it does not say of which checkpoint it is")
    return results


def write_file(path: Path, text: str) -> None:
    """Write a new file of text."""
    with new_file(path) as file:
        file.write(text.encode())
