"""A batch that would spoil the weights never reaches them, nor a checkpoint, and is named."""

import json
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from support import TINY

from cvae_lightning.data import Batch, ShapeSceneDataModule
from cvae_lightning.errors import UserError
from cvae_lightning.models import ConditionalVAE
from cvae_lightning.training import CVAEModule
from cvae_lightning.training.callbacks import RunCheckpoint, StopOnNonFinite

SIZES = {"image_size": 32, "latent_dim": 4, "caption_dim": 8, "base_channels": 8, "stages": 3}
BAD = 7
"""The training scene that is damaged."""


class Damaged(ShapeSceneDataModule):
    """Scenes of which one has a pixel that is not a number, from a certain training batch on."""

    def __init__(self, after: int = 4) -> None:
        super().__init__(size=40, val_fraction=0.2, canvas_size=32, batch_size=8, num_workers=0)
        self.after = after

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        batch = super().on_after_batch_transfer(batch, dataloader_idx)
        if self.trainer is not None and self.trainer.training and self.trainer.global_step >= self.after:
            batch.images[batch.indices == BAD, 0, 0, 0] = torch.nan
        return batch


def stopped(folder: Path, data: ShapeSceneDataModule, spoil=None, **more) -> tuple[CVAEModule, pl.Trainer, UserError]:
    torch.manual_seed(0)
    data.setup()
    module = CVAEModule(ConditionalVAE(len(data.tokenizer), **SIZES))
    if spoil is not None:
        module.model.encoder.head.weight.register_hook(lambda grad: spoil(module, grad))
    trainer = pl.Trainer(
        max_epochs=3,
        accelerator="cpu",
        default_root_dir=folder,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        callbacks=[StopOnNonFinite(), RunCheckpoint("last")],
        **more,
    )
    with pytest.raises(UserError) as caught:
        trainer.fit(module, datamodule=data)
    return module, trainer, caught.value


def finite(state: dict[str, torch.Tensor]) -> bool:
    return all(bool(value.isfinite().all()) for value in state.values())


def test_a_pixel_that_is_not_a_number_stops_before_the_update(tmp_path) -> None:
    module, trainer, error = stopped(tmp_path, Damaged())
    record = json.loads((tmp_path / "non_finite.json").read_text())
    assert record["what"] == "loss"
    assert record["step"] == trainer.global_step >= 4
    (batch,) = record["batches"]
    assert BAD in batch["indices"]
    assert batch["captions"][batch["indices"].index(BAD)] == list(Damaged().datasets["train"].captions())[BAD]
    assert batch["loss"] == "nan"
    last = torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)
    assert last["global_step"] == 4
    assert finite(last["state_dict"])
    assert finite(module.state_dict())
    for fix in ("optimizer.lr", "trainer.gradient_clip_val", "trainer.precision=fp32", "non_finite.json"):
        assert fix in str(error)
    assert "\n" not in str(error)


def test_a_gradient_that_is_infinite_stops_too(tmp_path) -> None:
    def spoil(module: CVAEModule, grad: torch.Tensor) -> torch.Tensor:
        return torch.full_like(grad, torch.inf) if module.trainer.global_step == 2 else grad

    data = Damaged(after=1000)
    module, trainer, error = stopped(tmp_path, data, spoil, gradient_clip_val=1.0)
    assert "gradient of step 2" in str(error)
    assert trainer.global_step == 2
    assert finite(module.state_dict())
    assert len(json.loads((tmp_path / "non_finite.json").read_text())["batches"][0]["indices"]) == 8


def test_of_several_batches_of_an_update_the_bad_one_is_named(tmp_path) -> None:
    stopped(tmp_path, Damaged(after=0), accumulate_grad_batches=4)
    (batch,) = json.loads((tmp_path / "non_finite.json").read_text())["batches"]
    assert BAD in batch["indices"]
    assert len(batch["indices"]) == 8


def test_an_earlier_record_is_kept(tmp_path) -> None:
    (tmp_path / "non_finite.json").write_text("earlier")
    stopped(tmp_path, Damaged())
    assert (tmp_path / "non_finite.1.json").read_text() == "earlier"


def test_the_command_answers_in_one_paragraph(command, tmp_path, monkeypatch) -> None:
    whole = ShapeSceneDataModule.on_after_batch_transfer

    def damaged(self: ShapeSceneDataModule, batch: Batch, dataloader_idx: int) -> Batch:
        batch = whole(self, batch, dataloader_idx)
        late = self.trainer is not None and self.trainer.training and self.trainer.global_step >= 15
        return batch._replace(images=batch.images * torch.nan) if late else batch

    monkeypatch.setattr(ShapeSceneDataModule, "on_after_batch_transfer", damaged)
    done = command("train", *TINY, "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("error: the loss of step 15 (epoch 2)")
    assert torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == 12
    assert not (tmp_path / "run" / "metrics.json").exists()


def test_a_healthy_run_leaves_no_record(tiny_run: Path) -> None:
    assert not (tiny_run / "non_finite.json").exists()
