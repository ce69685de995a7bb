"""What a person sees while a run trains, read from a screen of 80 columns; and what a log file has instead."""

import fcntl
import logging
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pyte
import pytest
from support import ROOT, TINY

from cvae_lightning.training.callbacks import progress
from cvae_lightning.training.callbacks.progress import ReportProgress, duration

COLUMNS, ROWS = 80, 60
ARGUMENTS = [*TINY, "data.size=400", "objective/schedule=constant", "callbacks.judge_samples.after_epochs=1"]
BAR = re.compile(r"[━╸╺]{5,}")


class Watched(NamedTuple):
    """A run in a terminal: its screens in the order of time, and its exit code."""

    screens: list[list[str]]
    code: int


def watch(folder: Path, *arguments: str) -> Watched:
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "cvae_lightning.train", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin", "TERM": "xterm"},
        stdin=child,
        stdout=child,
        stderr=child,
    )
    os.close(child)
    screens: list[list[str]] = []
    while True:
        try:
            read = os.read(parent, 4096)
        except OSError:  # the other end is closed
            break
        if not read:
            break
        stream.feed(read)
        screens.append([line.rstrip() for line in screen.display if line.strip()])
    os.close(parent)
    return Watched(screens, process.wait(timeout=60))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    return watch(tmp_path_factory.mktemp("terminal"), *ARGUMENTS, "hydra.run.dir=run")


@pytest.mark.e2e
def test_epochs_and_alarms_stand_above_one_bar(watched: Watched) -> None:
    assert watched.code == 0, watched.screens[-1]
    live = [screen for screen in watched.screens if any(BAR.search(line) for line in screen)]
    assert live
    assert all(sum(bool(BAR.search(line)) for line in screen) == 1 for screen in live)
    later = next(screen for screen in live if any("epoch 1/2, step 23" in line for line in screen))
    text = " ".join(later)
    assert "val/loss" in text
    assert "val/consistency/all" in text
    bar = later[-1]
    assert BAR.search(bar)
    assert re.search(r"epoch [12]/2, loss [\d.e+-]+, [\d.]+ images/s, \d+ (s|min) left", bar)
    assert any("posterior collapse" in line for screen in live for line in screen)


@pytest.mark.e2e
def test_when_a_run_is_over_its_lines_are_left_and_no_bar(watched: Watched) -> None:
    last = watched.screens[-1]
    text = " ".join(last)
    assert not any(BAR.search(line) for line in last)
    for epoch in ("epoch 1/2, step 23, val/loss", "epoch 2/2, step 46, val/loss"):
        assert text.count(epoch) == 1
    assert text.count("posterior collapse") == 1
    assert "finished in" in text
    assert "python -m cvae_lightning.generate run=" in text
    assert last[-1].endswith("]'") or "captions=" in " ".join(last[-2:])


def fake_trainer(**changes) -> SimpleNamespace:
    state = {
        "is_global_zero": True,
        "sanity_checking": False,
        "validating": False,
        "estimated_stepping_batches": 100,
        "global_step": 0,
        "current_epoch": 0,
        "max_epochs": 2,
        "callback_metrics": {"train/loss": 5.25, "images/s": 12.0},
    }
    return SimpleNamespace(**state | changes)


def test_without_a_terminal_there_is_a_line_for_every_20th_of_the_run_and_every_minute(monkeypatch, caplog) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    report, trainer = ReportProgress(), fake_trainer()
    with caplog.at_level(logging.INFO, logger="cvae_lightning"):
        report.on_train_start(trainer, None)
        for step in range(1, 61):
            now[0] += 6 if step <= 20 else 30
            trainer.global_step = step
            report.on_train_batch_end(trainer, None, None, None, step)
    lines = [record.getMessage() for record in caplog.records]
    assert [int(line.split()[3]) for line in lines] == [5, 10, 15, 20, *range(22, 61, 2)]
    assert lines[1] == "epoch 1/2, step 10 of 100, train/loss 5.25, 9 min left"


def test_a_long_validation_prints_lines_as_well(monkeypatch, caplog) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    report, trainer = ReportProgress(), fake_trainer(global_step=50)
    with caplog.at_level(logging.INFO, logger="cvae_lightning"):
        report.on_train_start(trainer, None)
        now[0], trainer.validating, trainer.global_step = 61, True, 100
        report.on_validation_batch_end(trainer, None, None, None, 0)
    assert "validation" in caplog.records[0].getMessage()


def test_an_epoch_without_a_validation_does_not_repeat_earlier_numbers(caplog) -> None:
    report = ReportProgress()
    trainer = fake_trainer(callback_metrics={"val/loss": 3.0, "images/s": 12.0}, global_step=50)
    with caplog.at_level(logging.INFO, logger="cvae_lightning"):
        report.on_train_start(trainer, None)
        report.on_train_epoch_end(trainer, None)  # as Lightning does when a run is resumed between two epochs
        report.on_train_batch_end(trainer, None, None, None, 0)
        report.on_validation_batch_end(trainer, None, None, None, 0)
        report.on_train_epoch_end(trainer, None)
        trainer.current_epoch, trainer.global_step = 1, 100
        report.on_train_batch_end(trainer, None, None, None, 0)
        report.on_train_epoch_end(trainer, None)
    first, second = (record.getMessage() for record in caplog.records)
    assert "val/loss 3" in first
    assert second == "epoch 2/2, step 100, no validation, 12 images/s"


def test_only_the_main_process_reports(caplog) -> None:
    report = ReportProgress()
    with caplog.at_level(logging.INFO, logger="cvae_lightning"):
        report.on_train_epoch_end(fake_trainer(is_global_zero=False), None)
    assert not caplog.records


def test_a_duration_is_short_and_exact_enough() -> None:
    assert [duration(seconds) for seconds in (42, 200, 7500)] == ["42 s", "3 min", "2 h 05 min"]
