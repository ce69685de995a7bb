"""The last step's weights are always saved, and an epoch without a validation claims no numbers."""

import json
from pathlib import Path

import pytest
import torch
from support import TINY

from cvae_lightning import load
from cvae_lightning.runs import read_table

pytestmark = pytest.mark.slow


def last_step(run: Path) -> int:
    return int(torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["global_step"])


def train(command, folder: Path, *arguments: str):
    done = command("train", *TINY, *arguments, "hydra.run.dir=run", cwd=folder)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize(
    ("arguments", "steps"),
    [
        (["trainer.check_val_every_n_epoch=5"], 24),
        (["trainer.check_val_every_n_epoch=2", "trainer.max_epochs=3"], 36),
        (["+debug=overfit", "trainer.max_epochs=2"], 20),
        (["trainer.limit_val_batches=0"], 24),
        (["+trainer.max_steps=17"], 17),
    ],
    ids=["none validated", "last not validated", "overfit", "no validation scenes", "stopped within an epoch"],
)
def test_last_is_the_final_step(command, tmp_path, arguments: list[str], steps: int) -> None:
    done = train(command, tmp_path, *arguments)
    run = tmp_path / "run"
    assert last_step(run) == steps
    assert json.loads((run / "metrics.json").read_text())["steps"] == steps
    assert load(run)("a small red circle")[0].size[0] in (32, 256)
    assert done.returncode == 0


def test_an_unvalidated_last_epoch_repeats_no_numbers(command, tmp_path) -> None:
    done = train(command, tmp_path, "trainer.check_val_every_n_epoch=2", "trainer.max_epochs=3")
    lines = [line for line in done.stdout.splitlines() if "INFO epoch " in line]
    assert ["val/loss" in line for line in lines] == [False, True, False]
    assert "the last of 3 epochs has no validation" in done.stdout


def test_a_run_resumed_between_validations_is_the_unbroken_one(command, tmp_path) -> None:
    arguments = ["trainer.check_val_every_n_epoch=2", "trainer.max_epochs=4", "trainer.log_every_n_steps=1"]
    train(command, tmp_path, *arguments)
    unbroken = tmp_path / "run"
    stop = ["+callbacks.bomb._target_=support.StopAt", "+callbacks.bomb.step=15"]
    stopped = command("train", *TINY, *arguments, *stop, "hydra.run.dir=stopped", cwd=tmp_path)
    assert stopped.returncode == 130
    run = tmp_path / "stopped"
    # What SIGKILL at step 15 would have left: the checkpoint at the end of the unvalidated first epoch.
    done = command("train", *TINY, "trainer.check_val_every_n_epoch=2", "trainer.max_epochs=1",
                   "trainer.log_every_n_steps=1", "hydra.run.dir=first", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    (run / "checkpoints" / "last.ckpt").write_bytes((tmp_path / "first" / "checkpoints" / "last.ckpt").read_bytes())
    resumed = command("train", f"resume={run}", "+callbacks.bomb.step=0", cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert read_table(run / "metrics.csv") == read_table(unbroken / "metrics.csv")
