"""Judge a trained model: ``python -m cvae_lightning.evaluate``."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, ListConfig

from cvae_lightning.cli.app import command
from cvae_lightning.errors import UserError
from cvae_lightning.evaluation.settings import EvaluationSettings, SceneSource
from cvae_lightning.generate import pick_device
from cvae_lightning.runs import CONFIG, ENVIRONMENT, REPORT, RESULTS, environment, find_checkpoint, run_dir_of
from cvae_lightning.runs.images import refuse_existing
from cvae_lightning.world import Mix

log = logging.getLogger(__name__)


def evaluate(
    run: str | Path | None,
    output: Path,
    settings: EvaluationSettings | None = None,
    device: str = "auto",
    sampling: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write ``evaluation.json``, ``evaluation.md``, their pictures and ``environment.json``.

    Args:
        run: a run folder, a checkpoint or exported weights; None takes the model that comes with the package.
        output: the folder to write into.
        settings: how much is measured, and where.
        device: where to run the model: auto, cpu or cuda.
        sampling: see :func:`cvae_lightning.inference.checkpoint.load`.

    Returns:
        the content of ``evaluation.json``.

    Raises:
        UserError: what is wrong with the request; nothing is written then.
    """
    settings = settings or EvaluationSettings()
    checkpoint = find_checkpoint(run)
    source = scene_source_of(checkpoint)
    settings.check(source)
    refuse_existing([output / name for name in (RESULTS, REPORT, ENVIRONMENT)] + sorted(output.glob("*.png")))

    from cvae_lightning.evaluation.evaluate import evaluate as evaluate_model
    from cvae_lightning.inference.checkpoint import load
    from cvae_lightning.inference.sampler_overrides import chosen
    from cvae_lightning.reports.evaluation import evaluation_report
    from cvae_lightning.reports.evaluation_pictures import draw_evaluation

    begin = time.perf_counter()
    found = evaluate_model(load(checkpoint, pick_device(device), sampling), settings, source)
    with checkpoint.open("rb") as file:
        identity = {"name": checkpoint.name, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    results = {"checkpoint": identity} | found.results
    if changed := chosen(sampling):
        results["settings"]["sampling"] = changed
    output.mkdir(parents=True, exist_ok=True)
    draw_evaluation(results, found.splits, output)
    _write(output / REPORT, evaluation_report(results))
    _write(output / RESULTS, json.dumps(results, indent=1) + "\n")
    minutes = round((time.perf_counter() - begin) / 60, 2)
    _write(output / ENVIRONMENT, json.dumps(environment() | {"minutes": minutes}, indent=1) + "\n")
    log.info("evaluated in %.1f minutes", minutes)
    return results


def scene_source_of(checkpoint: Path) -> SceneSource:
    """The scenes that a run's config names; the default ones for a checkpoint without a config.

    Raises:
        UserError: the config is damaged.
    """
    folder = run_dir_of(checkpoint)
    if folder is None or not (file := folder / CONFIG).is_file():
        return SceneSource()
    try:
        data = yaml.safe_load(file.read_text())["data"]
        mix = Mix(*(data["mix"][form.name] for form in fields(Mix)))
        return SceneSource(data["seed"], mix, data["synonyms"])
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{file} does not say which scenes the run was trained on: {error}") from error


def _write(path: Path, text: str) -> None:
    with path.open("x") as file:
        file.write(text)


def job(config: DictConfig) -> None:
    """The command's work."""
    splits = config.splits
    named = tuple(map(str, splits)) if isinstance(splits, ListConfig) else (str(splits),)
    numbers = {field.name: config[field.name] for field in fields(EvaluationSettings) if field.name != "splits"}
    evaluate(config.run, Path(config.output), EvaluationSettings(named, **numbers), config.device, config.sampling)
    print(Path(config.output) / REPORT)


def main() -> None:
    """The command line."""
    command("evaluate", job)


if __name__ == "__main__":
    main()
