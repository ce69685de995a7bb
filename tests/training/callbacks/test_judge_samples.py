"""The judge logs the same numbers however the work is shared; an alarm rings once per cause."""

import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from cvae_lightning.data import ShapeSceneDataModule
from cvae_lightning.evaluation.diagnostics import Alarm, BlurryReconstructions
from cvae_lightning.evaluation.probe import Probe
from cvae_lightning.models import ConditionalVAE
from cvae_lightning.training import BetaELBO, CVAEModule, Linear
from cvae_lightning.training.callbacks import JudgeSamples, RunCheckpoint
from cvae_lightning.training.loggers.tensorboard import RunTensorBoard

SIZES = {"image_size": 32, "latent_dim": 4, "caption_dim": 8, "base_channels": 8, "stages": 3}


class ComplainsAt(Alarm):
    """Complains at the given validations."""

    def __init__(self, at: set[int]) -> None:
        super().__init__()
        self.at, self.number = at, 0
        self.add_sums(scenes=())

    def update(self, probe: Probe) -> None:
        self.scenes += len(probe.images)

    def compute(self) -> dict[str, torch.Tensor]:
        return {"measured": self.scenes}

    def message(self, values: Mapping[str, float]) -> str | None:
        self.number += 1
        return f"too many scenes: {values['measured']:.0f}" if self.number in self.at else None


def fit(
    folder: Path, callback: JudgeSamples, epochs: int, workers=0, objective=None, resume=None, **more
) -> pl.Trainer:
    torch.manual_seed(0)
    data = ShapeSceneDataModule(size=40, val_fraction=0.25, canvas_size=32, batch_size=16, num_workers=workers)
    data.setup()
    module = CVAEModule(ConditionalVAE(len(data.tokenizer), **SIZES), objective)
    trainer = pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        default_root_dir=folder,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        callbacks=[callback, *more.pop("callbacks", [])],
        **{"logger": False, "enable_checkpointing": False} | more,
    )
    trainer.fit(module, datamodule=data, ckpt_path=resume, weights_only=True)
    return trainer


def logged(trainer: pl.Trainer) -> dict[str, float]:
    return {k: float(v) for k, v in trainer.callback_metrics.items() if "consistency" in k or k == "val/sharpness"}


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> dict[str, float]:
    return logged(fit(tmp_path_factory.mktemp("run"), JudgeSamples(alarms={"blur": BlurryReconstructions()}), 1))


def test_samples_and_reconstructions_are_judged_and_alarms_measured(expected) -> None:
    atoms = {"count", "colour", "shape", "size", "relation", "all"}
    assert set(expected) == {
        *(f"val/{kind}/{atom}" for kind in ("consistency", "consistency_reconstructed") for atom in atoms),
        "val/sharpness",
    }


def test_workers_and_parts_change_nothing(tmp_path, expected) -> None:
    callback = JudgeSamples(batch_size=3, alarms={"blur": BlurryReconstructions(), "off": None})
    assert logged(fit(tmp_path, callback, 1, workers=2)) == pytest.approx(expected, rel=1e-5)


def test_a_checkpoint_can_be_chosen_by_what_is_judged(tmp_path) -> None:
    best = RunCheckpoint("best", monitor="val/consistency/count", mode="max")
    trainer = fit(tmp_path, JudgeSamples(), 1, callbacks=[best], enable_checkpointing=True)
    assert float(best.best_model_score) == float(trainer.callback_metrics["val/consistency/count"])
    assert (tmp_path / "checkpoints" / "best.ckpt").exists()


def test_of_equal_checkpoints_the_longer_trained_one_is_best(tmp_path) -> None:
    best = RunCheckpoint("best", monitor="val/consistency/all", mode="max")
    fit(tmp_path, JudgeSamples(), 3, callbacks=[best], enable_checkpointing=True)
    assert float(best.best_model_score) == 0, "three epochs without a right picture"
    assert torch.load(tmp_path / "checkpoints" / "best.ckpt", weights_only=True)["epoch"] == 2
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["best.ckpt"]


def test_between_two_judgements_nothing_is_judged_but_the_last_epoch_always_is(tmp_path) -> None:
    alarm = ComplainsAt(set())
    fit(tmp_path, JudgeSamples(every_n_epochs=3, after_epochs=0, alarms={"measured": alarm}), 5)
    assert alarm.number == 2  # after epochs 3 and 5


def test_an_alarm_rings_once_per_cause_and_says_when_it_is_over(tmp_path, caplog) -> None:
    callback = JudgeSamples(count=6, after_epochs=2, alarms={"too_many": ComplainsAt({1, 2, 5})})
    with caplog.at_level(logging.INFO, logger="cvae_lightning"):
        fit(tmp_path, callback, 6, logger=RunTensorBoard(tmp_path))
    messages = [(r.levelname, r.getMessage()) for r in caplog.records if r.name.endswith("judge_samples")]
    warning = ("WARNING", "too many scenes: 6")
    assert messages == [warning, ("INFO", "too many: no longer"), warning]
    texts = EventAccumulator(str(tmp_path / "tensorboard")).Reload().Tensors("alarms/too_many/text_summary")
    assert [event.tensor_proto.string_val[0] for event in texts] == [
        b"too many scenes: 6",
        b"too many: no longer",
        b"too many scenes: 6",
    ]
    assert [event.step for event in texts] == [3, 7, 11]  # two steps per epoch, epochs 2, 4 and 6


def test_a_resumed_alarm_does_not_ring_again(tmp_path, caplog) -> None:
    for epochs, resume in ((1, None), (2, tmp_path / "checkpoints" / "last.ckpt")):
        callback = JudgeSamples(after_epochs=0, alarms={"measured": ComplainsAt({1})})
        saving = {"callbacks": [RunCheckpoint("last")], "enable_checkpointing": True}
        fit(tmp_path, callback, epochs, resume=resume, **saving)
    assert len([r for r in caplog.records if r.name.endswith("judge_samples")]) == 1


def test_alarms_wait_for_the_end_of_the_ramp(tmp_path) -> None:
    alarm = ComplainsAt(set())
    fit(
        tmp_path, JudgeSamples(after_epochs=0, alarms={"measured": alarm}), 4, objective=BetaELBO(1.0, Linear(length=3))
    )
    assert alarm.number == 2  # after epochs 3 and 4


def test_mistakes_are_named() -> None:
    with pytest.raises(ValueError, match=r"judge_samples\.count is 0: expected 1 or more"):
        JudgeSamples(count=0)
    with pytest.raises(ValueError, match=r"judge_samples\.every_n_epochs is 0"):
        JudgeSamples(every_n_epochs=0)
