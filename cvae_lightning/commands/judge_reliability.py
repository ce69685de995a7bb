"""The work of ``judge_reliability``: measure how far the judge can be trusted."""

import json
from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning.cli.progress import progress
from cvae_lightning.cli.result import done, stopwatch
from cvae_lightning.cli.values import world_of
from cvae_lightning.errors import at_least_one
from cvae_lightning.evaluation.judge_reliability import measure, steps
from cvae_lightning.reports.judge_curves import draw_failures, draw_passes
from cvae_lightning.runs import METRICS, write_new
from cvae_lightning.runs.images import refuse_existing


def job(config: DictConfig) -> None:
    """Judge true captions on clean, altered and damaged pictures; write ``metrics.json`` and the curves."""
    at_least_one(scenes=config.scenes, damaged_scenes=config.damaged_scenes)
    output, minutes = Path(config.output), stopwatch()
    pictures = {output / "failures.png": draw_failures, output / "passes.png": draw_passes}
    refuse_existing([output / METRICS, *pictures])
    world = world_of(config.world)
    with progress("alterations and damages", steps()) as advance:
        metrics = measure(config.scenes, config.damaged_scenes, config.seed, world, advance)
    metrics["minutes"] = minutes()
    files = write_new(output, {METRICS: (json.dumps(metrics, indent=1) + "\n").encode()})
    for path, draw in pictures.items():
        draw(metrics, path)
    share = metrics["clean"]["64"]["all"]
    result = f"{100 * share:.2f} % of clean pictures of 64 px are judged right; {minutes()} minutes"
    done([*files, *pictures], result, "evaluate")
