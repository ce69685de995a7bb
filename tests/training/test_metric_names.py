"""The list of metric names is what runs log, what TensorBoard describes and what the page of metrics says."""

import re
from pathlib import Path

import pytest
from support import ROOT
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from cvae_lightning.runs import read_table
from cvae_lightning.training.metric_names import METRICS, describe_metric


def test_a_run_logs_nothing_outside_the_list(tiny_run: Path) -> None:
    names = set(read_table(tiny_run / "metrics.csv")[0]) - {"step", "epoch"}
    assert {name for name in names if describe_metric(name) is None} == set()
    elsewhere = {
        "sampled_flow_loss",
        "velocity_difference",
        "perceptual",
        "adversarial",
        "adversarial_weight",
        "discriminator",
        "retrieval",
        "retrieval_chance",
    }
    for stage in ("train", "val"):
        expected = {f"{stage}/{name}" for name, known in METRICS.items() if stage in known.stages} - {
            f"{stage}/{name}" for name in elsewhere
        }
        assert expected <= names


def test_the_page_of_metrics_has_the_same_names() -> None:
    text = (ROOT / "docs" / "metrics.md").read_text()
    rows = re.findall(r"^\| (`.+?`(?:, `.+?`)*) \|", text, flags=re.MULTILINE)
    listed = {name.partition("/")[2] for row in rows for name in re.findall(r"`([^`]+)`", row)}
    atoms = [name.partition("/")[2] for name in METRICS if name.startswith("consistency/")]
    assert {name.replace("...", atom) for name in listed for atom in atoms} == set(METRICS)


def test_tensorboard_describes_each_metric(tiny_run: Path) -> None:
    events = EventAccumulator(str(tiny_run / "tensorboard")).Reload()
    for name in ("train/loss", "train/learning_rate", "train/gradient_norm", "val/consistency/all"):
        assert events.SummaryMetadata(name).summary_description == describe_metric(name)
    rows = [row for row in read_table(tiny_run / "metrics.csv") if row["train/loss"]]
    assert [event.step for event in events.Scalars("train/loss")] == [int(row["step"]) for row in rows]
    assert [float(row["train/learning_rate"]) for row in rows] == pytest.approx([1e-4] * len(rows))
    assert all(float(row["train/gradient_norm"]) > 0 for row in rows)
