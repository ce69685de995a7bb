"""A run with penalties and averaged weights continues after a stop as if it had not stopped."""

import json
from pathlib import Path

import pytest
import torch
from support import TINY

from cvae_lightning import load
from cvae_lightning.runs import read_table

pytestmark = pytest.mark.slow

EVERYTHING = [
    *TINY,
    "penalties=[perceptual,adversarial]",
    "penalties.perceptual.layers=[relu1_2]",
    "penalties.adversarial.start=0.5",
    "callbacks.weight_average.decay=0.9",
    "trainer.log_every_n_steps=1",
]


@pytest.fixture(scope="module")
def unbroken(command, tmp_path_factory, vgg_weights: Path) -> Path:
    folder = tmp_path_factory.mktemp("unbroken")
    weights = f"penalties.perceptual.weights={vgg_weights}"
    done = command("train", *EVERYTHING, weights, "hydra.run.dir=run", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "run"


def test_each_term_is_logged_and_the_loss_is_their_sum(unbroken: Path) -> None:
    rows = read_table(unbroken / "metrics.csv")
    for stage in ("train", "val"):
        begun = [row for row in rows if row[f"{stage}/adversarial"]]
        assert len(begun) == (18 if stage == "train" else 2)
        for row in begun:
            values = {name.removeprefix(f"{stage}/"): float(value) for name, value in row.items() if value}
            elbo = values["distortion"] + values["kl_weight"] * values["rate"]
            extra = 1000 * values["perceptual"] + values["adversarial_weight"] * values["adversarial"]
            assert values["loss"] == pytest.approx(elbo + extra, rel=1e-3)
            assert values["loss_at_beta"] == pytest.approx(values["distortion"] + values["rate"], rel=1e-4)
            assert 0 < values["discriminator"] < 10


@pytest.mark.parametrize("step", [4, 17], ids=["before the discriminator", "after it"])
def test_a_stopped_run_resumes(command, tmp_path: Path, unbroken: Path, vgg_weights: Path, step: int) -> None:
    stop = ["+callbacks.bomb._target_=support.StopAt", f"+callbacks.bomb.step={step}"]
    weights = f"penalties.perceptual.weights={vgg_weights}"
    assert command("train", *EVERYTHING, weights, *stop, "hydra.run.dir=run", cwd=tmp_path).returncode == 130
    run = tmp_path / "run"
    assert not (run / "metrics.json").exists()
    done = command("train", f"resume={run}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (run / "metrics.csv").read_text() == (unbroken / "metrics.csv").read_text()
    for name in ("best", "last"):
        ours, theirs = (
            torch.load(first / "checkpoints" / f"{name}.ckpt", weights_only=True) for first in (run, unbroken)
        )
        for key in ("state_dict", "raw_weights", "penalties", "optimizer_states"):
            assert equal(ours[key], theirs[key]), (name, key)


def test_a_run_resumes_after_its_autoencoder_was_fixed(command, tmp_path: Path) -> None:
    small = ["+experiment=plain_slots", "model.image_size=32", "model.num_slots=4", "model.slot_width=16"]
    small += ["model.caption_dim=16", "prior.layers=1", "scenes.size=40", "scenes.val_fraction=0.2"]
    small += ["data.batch_size=4"]
    small += ["decoder.template_size=8", "trainer.max_epochs=2", "trainer.limit_train_batches=6", "data.num_workers=0"]
    small += ["autoencoder_epochs=1", "trainer.log_every_n_steps=1", "decoder.hidden=16", "encoder.hidden=16"]
    stop = ["+callbacks.bomb._target_=support.StopAt", "+callbacks.bomb.step=8"]
    assert command("train", *small, "hydra.run.dir=whole", cwd=tmp_path).returncode == 0
    assert command("train", *small, *stop, "hydra.run.dir=run", cwd=tmp_path).returncode == 130
    done = command("train", "resume=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "metrics.csv").read_text() == (tmp_path / "whole" / "metrics.csv").read_text()
    states = [
        torch.load(tmp_path / run / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
        for run in ("run", "whole")
    ]
    assert equal(*states)
    rows = read_table(tmp_path / "whole" / "metrics.csv")
    assert [bool(row["train/distortion"]) for row in rows if row["train/loss"]] == [True] * 6 + [False] * 6


def equal(first: object, other: object) -> bool:
    if isinstance(first, torch.Tensor):
        return torch.equal(first, other)
    if isinstance(first, dict):
        return first.keys() == other.keys() and all(equal(first[key], other[key]) for key in first)
    if isinstance(first, list | tuple):
        return len(first) == len(other) and all(equal(*pair) for pair in zip(first, other, strict=True))
    return first == other


def test_the_checkpoint_is_plain_small_and_loads(unbroken: Path) -> None:
    checkpoint = torch.load(unbroken / "checkpoints" / "best.ckpt", weights_only=True)
    assert all(key.startswith("model.") for key in checkpoint["state_dict"])
    assert checkpoint["penalties"].keys() == {"adversarial"}  # the frozen network is not in it
    assert load(unbroken)("a small red circle")[0].size == (32, 32)


def test_steps_are_the_models_updates_whatever_is_accumulated(command, tmp_path: Path) -> None:
    arguments = ["penalties=adversarial", "penalties.adversarial.start=0", "trainer.accumulate_grad_batches=2"]
    done = command("train", *TINY, *arguments, "trainer.max_epochs=1", "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    last = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    assert last["global_step"] == 6
    assert last["penalties"]["adversarial"]["optimizer"]["state"][0]["step"] == 12


def test_a_run_may_take_up_a_penalty_and_an_average_midway(command, tmp_path: Path) -> None:
    done = command("train", *TINY, "trainer.max_epochs=1", "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    more = ["penalties=adversarial", "callbacks.weight_average.decay=0.5", "trainer.max_epochs=2"]
    done = command("train", f"resume={tmp_path / 'run'}", *more, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    less = ["penalties=[]", "callbacks.weight_average.decay=null", "trainer.max_epochs=3"]
    done = command("train", f"resume={tmp_path / 'run'}", *less, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_run_that_was_killed_while_it_drew_its_last_pictures(command, tmp_path: Path) -> None:
    """Its training is over, in the middle of an epoch, so that no epoch follows."""
    assert command("train", *TINY, "+trainer.max_steps=4", "hydra.run.dir=run", cwd=tmp_path).returncode == 0
    summary = tmp_path / "run" / "metrics.json"
    whole = json.loads(summary.read_text())
    summary.unlink()
    done = command("train", f"resume={tmp_path / 'run'}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    again = json.loads(summary.read_text())
    assert [again[name] for name in ("steps", "epochs", "metrics")] == [whole["steps"], 1, whole["metrics"]]
