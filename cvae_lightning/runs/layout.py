"""The name of every file that a run, an export, an evaluation or a sweep leaves."""

from __future__ import annotations

from pathlib import Path

CONFIG, ENVIRONMENT, METRICS, TABLE = "config.yaml", "environment.json", "metrics.json", "metrics.csv"
CHECKPOINTS = "checkpoints"
BEST, LAST = Path(CHECKPOINTS) / "best.ckpt", Path(CHECKPOINTS) / "last.ckpt"
WEIGHTS = "model.safetensors"
CARD = "README.md"
RESULTS, REPORT = "evaluation.json", "evaluation.md"
FAILURE, TRIAL, STUDY = "failure.json", "trial.json", "study.json"
PACKAGE = Path(__file__).parent.parent
SHIPPED = [PACKAGE / "inference" / "flagship" / WEIGHTS, PACKAGE.parent / "experiments" / "flagship" / WEIGHTS]
"""Where the package's own trained model is: inside an installed package, beside it in a checkout."""
