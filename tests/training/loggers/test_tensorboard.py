"""The CSV file appends, widens and continues; TensorBoard has the hyperparameters."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from cvae_lightning.runs import read_table
from cvae_lightning.training.loggers.csv import RunCSV
from cvae_lightning.training.loggers.tensorboard import RunTensorBoard


def test_rows_are_written_at_once_and_the_table_widens(tmp_path) -> None:
    table = RunCSV(tmp_path)
    table.log_metrics({"train/loss": 1.5}, step=0)
    table.log_metrics({"train/loss": 1.25}, step=1)
    table.log_metrics({"val/loss": 2.0, "val/mse": 0.1}, step=1)
    rows = read_table(tmp_path / "metrics.csv")
    assert [row["step"] for row in rows] == ["0", "1", "1"]
    assert [row["train/loss"] for row in rows] == ["1.5", "1.25", ""]
    assert [row["val/mse"] for row in rows] == ["", "", "0.1"]


def test_a_resumed_table_keeps_what_the_checkpoint_knew_and_drops_the_rest(tmp_path) -> None:
    table = RunCSV(tmp_path)
    for step in range(10):
        table.log_metrics({"train/loss": float(step)}, step)
    table = RunCSV(tmp_path, resume_step=6)
    table.log_metrics({"train/loss": 60.0, "val/loss": 1.0}, step=6)
    rows = read_table(tmp_path / "metrics.csv")
    assert [float(row["train/loss"]) for row in rows] == [0, 1, 2, 3, 4, 5, 60]


def test_a_new_run_never_touches_an_older_table(tmp_path) -> None:
    (tmp_path / "metrics.csv").write_text("step,train/loss\r\n0,1.0\r\n")
    RunCSV(tmp_path).log_metrics({"train/loss": 2.0}, step=0)
    assert [row["train/loss"] for row in read_table(tmp_path / "metrics.csv")] == ["1.0", "2.0"]


@pytest.fixture
def board(tmp_path) -> EventAccumulator:
    logger = RunTensorBoard(tmp_path)
    logger.declare({"model.latent_dim": 8, "objective.beta": 2.0, "parts": ["a"]}, ["val/mse"], {"objective.beta"})
    logger.log_metrics({"val/mse": 0.25}, step=3)
    logger.experiment.flush()
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    return events


def test_declared_metrics_take_the_runs_own_scalars(board: EventAccumulator) -> None:
    assert [event.value for event in board.Scalars("val/mse")] == [0.25]
    tags = board.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    assert b"model.latent_dim" in tags
    assert b"val/mse" in board.SummaryMetadata("_hparams_/experiment").plugin_data.content


def test_what_a_sweep_varies_is_marked(board: EventAccumulator) -> None:
    content = board.SummaryMetadata("_hparams_/experiment").plugin_data.content
    infos = HParamsPluginData.FromString(content).experiment.hparam_infos
    assert {info.name for info in infos if info.differs} == {"objective.beta"}
    assert len(infos) == 3
