"""The average is the closed form of what it averaged, and is what a run validates, draws, saves and loads."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from support import TINY
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from cvae_lightning import load
from cvae_lightning.models import ConditionalVAE
from cvae_lightning.runs import read_table
from cvae_lightning.training import CVAEModule
from cvae_lightning.training.callbacks import WeightAverage


class Walker:
    """A model whose every parameter is a known number after each step."""

    def __init__(self, decay: float) -> None:
        self.module = CVAEModule(
            ConditionalVAE(vocab_size=8, image_size=32, latent_dim=2, caption_dim=2, base_channels=8, stages=3)
        )
        self.trainer = SimpleNamespace(global_step=0, state=SimpleNamespace(fn="fit"))
        self.average = WeightAverage(decay)
        self.set(0.0)
        self.average.on_train_start(self.trainer, self.module)

    def set(self, value: float) -> None:
        with torch.no_grad():
            for parameter in self.module.model.parameters():
                parameter.fill_(value)

    def walk(self, values: list[float]) -> None:
        for value in values:
            self.set(value)
            self.trainer.global_step += 1
            self.average.on_train_batch_end(self.trainer, self.module, None, None, 0)

    def saved(self) -> dict:
        checkpoint = {"state_dict": {f"model.{k}": v for k, v in self.module.model.state_dict().items()}}
        self.average.on_save_checkpoint(self.trainer, self.module, checkpoint)
        return checkpoint


def closed_form(values: list[float], decay: float) -> float:
    """Sum over n of (1 - d_n) w_n times all later d, from an initial weight of 0."""
    decays = [min(decay, (1 + n) / (10 + n)) for n in range(len(values))]
    return sum(
        (1 - decays[n]) * values[n] * torch.tensor(decays[n + 1 :], dtype=torch.double).prod().item()
        for n in range(len(values))
    )


@pytest.mark.parametrize("decay", [0.0, 0.15, 0.999])
def test_the_average_of_known_weights_is_the_closed_form(decay: float) -> None:
    walker, values = Walker(decay), [1.0, -2.0, 5.0, 0.5, 3.0]
    walker.walk(values)
    saved = walker.saved()
    for name, _ in walker.module.model.named_parameters():
        average = saved["state_dict"][f"model.{name}"]
        assert torch.allclose(average, torch.tensor(closed_form(values, decay)), rtol=1e-5)
        assert (saved["raw_weights"][name] == 3.0).all()


def test_only_updates_of_the_optimizer_count() -> None:
    walker = Walker(0.999)
    walker.walk([1.0])
    before = {name: value.clone() for name, value in walker.saved()["state_dict"].items()}
    walker.average.on_train_batch_end(walker.trainer, walker.module, None, None, 0)  # a batch that accumulates
    assert walker.average.updates == 1
    assert all(
        torch.equal(value, before[name]) for name, value in walker.saved()["state_dict"].items() if "run" not in name
    )


def test_buffers_are_the_newest() -> None:
    walker = Walker(0.999)
    walker.module.model.likelihood.running_error.fill_(0.25)
    walker.walk([1.0])
    assert walker.saved()["state_dict"]["model.likelihood.running_error"] == 0.25


def test_tied_weights_stay_tied() -> None:
    walker = Walker(0.5)
    walker.module.model.prior.tied = walker.module.model.decoder.entrance
    walker.average = WeightAverage(0.5)
    walker.average.on_train_start(walker.trainer, walker.module)
    walker.walk([1.0, 2.0])
    saved = walker.saved()["state_dict"]
    assert torch.equal(saved["model.prior.tied.weight"], saved["model.decoder.entrance.weight"])


def test_the_average_is_shown_and_hidden_without_a_trace_and_saved_right_meanwhile() -> None:
    walker = Walker(0.999)
    walker.walk([1.0, 2.0])
    usual = {name: value.clone() for name, value in walker.saved()["state_dict"].items()}
    with torch.inference_mode():  # as Lightning validates
        walker.average.on_validation_start(walker.trainer, walker.module)
        shown = next(walker.module.model.parameters()).flatten()[0].item()
        during = walker.saved()
        walker.average.on_validation_end(walker.trainer, walker.module)
    assert shown == pytest.approx(closed_form([1.0, 2.0], 0.999))
    assert all((one == 2.0).all() for one in walker.module.model.parameters())
    assert all((during["raw_weights"][name] == 2.0).all() for name, _ in walker.module.model.named_parameters())
    assert all(torch.equal(during["state_dict"][name], usual[name]) for name in usual if "running" not in name)
    next(walker.module.model.parameters()).square().sum().backward()


def test_an_impossible_decay_is_named() -> None:
    for decay in [-0.1, 1.0, 2.0]:
        with pytest.raises(ValueError, match=f"decay {decay}: expected a number from 0 to below 1"):
            WeightAverage(decay)


@pytest.fixture(scope="module")
def averaged(command, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("averaged")
    done = command("train", *TINY, "callbacks.weight_average.decay=0.9", "hydra.run.dir=run", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.mark.slow
def test_training_is_untouched_and_validation_is_the_averages(averaged: Path, tiny_run: Path) -> None:
    ours, plain = (read_table(run / "metrics.csv") for run in (averaged, tiny_run))
    trained = [[row["train/loss"] for row in rows] for rows in (ours, plain)]
    validated = [[row["val/mse"] for row in rows if row["val/mse"]] for rows in (ours, plain)]
    assert trained[0] == trained[1]
    assert all(one != other for one, other in zip(*validated, strict=True))


@pytest.mark.slow
def test_decay_0_is_the_raw_weights(command, tmp_path: Path, tiny_run: Path) -> None:
    done = command("train", *TINY, "callbacks.weight_average.decay=0", "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "metrics.csv").read_text() == (tiny_run / "metrics.csv").read_text()


@pytest.mark.slow
def test_a_checkpoint_has_both_and_loads_the_average(averaged: Path, tiny_run: Path) -> None:
    last = averaged / "checkpoints" / "last.ckpt"
    ours, plain = (torch.load(run / "checkpoints" / "last.ckpt", weights_only=True) for run in (averaged, tiny_run))
    assert all(torch.equal(value, plain["state_dict"][f"model.{name}"]) for name, value in ours["raw_weights"].items())
    loaded = load(last).model.state_dict()
    assert all(torch.equal(value, ours["state_dict"][f"model.{name}"]) for name, value in loaded.items())
    differs = [
        name
        for name, _ in load(last).model.named_parameters()
        if not torch.equal(loaded[name], ours["raw_weights"][name])
    ]
    assert len(differs) == len(list(load(last).model.named_parameters()))


@pytest.mark.slow
def test_the_loaded_model_has_the_validation_error_that_was_reported(averaged: Path) -> None:
    from cvae_lightning.data import ShapeSceneDataModule

    painter = load(averaged / "checkpoints" / "last.ckpt")
    data = ShapeSceneDataModule(size=200, canvas_size=32)
    data.setup()
    batch = data.first("val", 20)
    with torch.no_grad():
        error = (painter.model.reconstruct(batch.images, batch.tokens) - batch.images).square().mean()
    reported = [row["val/mse"] for row in read_table(averaged / "metrics.csv") if row["val/mse"]][-1]
    assert float(error) == pytest.approx(float(reported), rel=1e-4)


@pytest.mark.slow
def test_pictures_are_the_averages(averaged: Path, tiny_run: Path) -> None:
    pictures = [
        EventAccumulator(str(run / "tensorboard")).Reload().Images("samples")[-1].encoded_image_string
        for run in (averaged, tiny_run)
    ]
    assert pictures[0] != pictures[1]
