"""The work of ``judge_reliability``: measure how far the judge can be trusted."""

import json
from pathlib import Path

from omegaconf import DictConfig

from cvae_lightning.cli.result import done, stopwatch
from cvae_lightning.errors import at_least_one
from cvae_lightning.evaluation.judge_reliability import draw, measure
from cvae_lightning.runs import METRICS, write_new
from cvae_lightning.runs.images import refuse_existing


def job(config: DictConfig) -> None:
    """Judge true captions on clean and on damaged pictures; write ``metrics.json`` and ``agreement.png``."""
    at_least_one(scenes=config.scenes)
    output, minutes = Path(config.output), stopwatch()
    picture = output / "agreement.png"
    refuse_existing([output / METRICS, picture])
    metrics = measure(config.scenes, config.seed) | {"minutes": minutes()}
    files = write_new(output, {METRICS: (json.dumps(metrics, indent=1) + "\n").encode()})
    draw(metrics, picture)
    share = metrics["clean"]["64"]["all"]
    result = f"{100 * share:.2f} % of clean pictures of 64 px are judged right; {minutes()} minutes"
    done([*files, picture], result, "evaluate")
