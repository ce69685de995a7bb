"""The name of every file that a run, an export, an evaluation or a sweep leaves."""

from __future__ import annotations

from pathlib import Path

CONFIG, ENVIRONMENT, METRICS, TABLE = "config.yaml", "environment.json", "metrics.json", "metrics.csv"
OVERRIDES = "overrides.yaml"
"""The arguments that a run was started with, written once; Hydra's copy below changes with every command."""
HYDRA_OVERRIDES = Path(".hydra") / "overrides.yaml"
CHECKPOINTS = "checkpoints"
BEST, LAST = Path(CHECKPOINTS) / "best.ckpt", Path(CHECKPOINTS) / "last.ckpt"
CURVES_PICTURE, RECONSTRUCTION_PICTURE = "training_curves.png", "reconstruction.png"
SAMPLES_PICTURE = "generated_samples.png"
"""A finished run's pictures."""

WEIGHTS = "model.safetensors"
ONNX = "model.onnx"
CARD = "README.md"
"""What an export leaves."""

DATASET, IMAGES_METADATA, MASKS = "dataset.json", "metadata.jsonl", "masks"
"""What a data set has: its settings, the captions of each split beside its pictures, and masks in their own folder."""

JUDGED, ACCURACY, WRONG_PAGE = "results.jsonl", "accuracy.json", "wrong.html"
"""What ``judge`` leaves."""

GRID = "grid.png"
"""All pictures of ``generate`` over their captions; ``reconstruct`` writes ``RECONSTRUCTION_PICTURE``."""

RESULTS, REPORT, SAMPLES, EVALUATION_PAGE = "evaluation.json", "evaluation.md", "samples.jsonl", "evaluation.html"
CONSISTENCY_PICTURE, RATE_PICTURE, POSITIONS_PICTURE = "consistency.png", "rate.png", "positions.png"
"""What an evaluation leaves, besides ``RECONSTRUCTION_PICTURE`` and two pictures per split."""

TRAINING_CAPTIONS = "training_captions.bin"
"""Which captions a run was trained on, kept by its first evaluation; it may be deleted."""

FAILURE, TRIAL, STUDY, JOURNAL = "failure.json", "trial.json", "study.json", "study.journal"
MULTIRUN = "multirun.yaml"
JOB_LOCK, CLAIM_LOCK, STUDY_LOCK = ".job.lock", ".claim.lock", ".study.lock"
WRITER_LOCK = ".writer.lock"
"""What a sweep or a search leaves; locks are held by the operating system and mean nothing when they are free."""

REPORT_PAGE, REPORT_TEXT, FIGURES = "report.html", "report.md", "figures"
"""What ``report`` writes; the last is a folder of SVG files."""

PACKAGE = Path(__file__).parent.parent
SHIPPED = [PACKAGE / "inference" / "flagship" / WEIGHTS, PACKAGE.parent / "experiments" / "flagship" / WEIGHTS]
"""Where the package's own trained model is: inside an installed package, beside it in a checkout."""


def split_samples(split: str) -> str:
    """The picture of an evaluation that shows a split's samples."""
    return f"samples_{split}.png"


def split_reconstructions(split: str) -> str:
    """The picture of an evaluation of own pictures that shows a split's reconstructions."""
    return f"reconstructions_{split}.png"


def split_confusion(split: str) -> str:
    """The picture of an evaluation that shows a split's confusion tables."""
    return f"confusion_{split}.png"
