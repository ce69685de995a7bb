"""The files of an evaluation: numbers, a report, its pictures and where it ran."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvae_lightning.errors import UserError
from cvae_lightning.runs import ENVIRONMENT, REPORT, RESULTS, environment, new_file, read_mapping

if TYPE_CHECKING:
    from cvae_lightning.evaluation.split_result import SplitResult


def evaluation_files(output: Path) -> list[Path]:
    """What an evaluation would overwrite in a folder."""
    return [output / name for name in (RESULTS, REPORT, ENVIRONMENT)] + sorted(output.glob("*.png"))


def write_evaluation(results: dict[str, Any], splits: Mapping[str, SplitResult], output: Path, minutes: float) -> Path:
    """Write ``evaluation.json``, ``evaluation.md``, their pictures and ``environment.json``.

    Args:
        results: the content of ``evaluation.json``.
        splits: what was measured on each split, for the pictures.
        output: the folder to write into.
        minutes: how long it took.

    Returns:
        the report.
    """
    from cvae_lightning.reports.evaluation import evaluation_report
    from cvae_lightning.reports.evaluation_pictures import draw_evaluation

    output.mkdir(parents=True, exist_ok=True)
    draw_evaluation(results, splits, output)
    write_file(output / REPORT, evaluation_report(results))
    write_file(output / RESULTS, json.dumps(results, indent=1) + "\n")
    write_file(output / ENVIRONMENT, json.dumps(environment() | {"minutes": minutes}, indent=1) + "\n")
    return output / REPORT


def headline(results: Mapping[str, Any]) -> str:
    """The share of right samples on the first split, in one sentence."""
    split, found = next(iter(results["splits"].items()))
    right = found["samples"]["atoms"]["all"]
    return f"{100 * right['share']:.1f} % of {right['of']} samples on {split} say what their captions say"


def read_evaluation(folder: Path) -> dict[str, Any]:
    """The results in an evaluation's folder.

    Raises:
        UserError: there are none.
    """
    if not (folder / RESULTS).is_file():
        raise UserError(f"evaluation={folder}: the folder has no {RESULTS}")
    parts = {"checkpoint": dict, "settings": dict, "splits": dict, "diversity": dict}
    results = read_mapping(folder / RESULTS, parts)
    own_pictures = {"diversity"} if "features" in results else set()
    if lacking := set(parts) - set(results) - own_pictures:
        raise UserError(f"{folder / RESULTS} is not an evaluation: it lacks {', '.join(sorted(lacking))}")
    if not all(isinstance(results["checkpoint"].get(key), str) for key in ("name", "sha256")):
        raise UserError(f"{folder / RESULTS} is not an evaluation: it does not say of which checkpoint it is")
    return results


def write_file(path: Path, text: str) -> None:
    """Write a new file of text."""
    with new_file(path) as file:
        file.write(text.encode())
