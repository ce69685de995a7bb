"""Splits, batches and the fitted tokenizer."""

import pytest
import pytorch_lightning as pl
import torch

from cvae_lightning import ConditionalVAE, CVAEModule, ShapeSceneDataModule, load
from cvae_lightning.data import Batch
from cvae_lightning.world import DEFAULT, word_tables


@pytest.fixture(scope="module")
def data() -> ShapeSceneDataModule:
    module = ShapeSceneDataModule(size=100, canvas_size=32, batch_size=8, num_workers=0)
    module.setup()
    return module


def test_nine_tenths_train(data: ShapeSceneDataModule) -> None:
    assert [len(data.datasets[split]) for split in ("train", "val")] == [90, 10]


def test_the_tokenizer_knows_the_training_captions(data: ShapeSceneDataModule) -> None:
    for caption in data.datasets["train"].captions():
        assert data.tokenizer.unk_id not in data.tokenizer.encode(caption)


def test_batches_are_what_the_model_takes(data: ShapeSceneDataModule) -> None:
    batch = data.on_after_batch_transfer(next(iter(data.train_dataloader())), 0)
    assert isinstance(batch, Batch)
    assert batch.images.shape == (8, 3, 32, 32)
    assert batch.images.dtype == torch.float32
    assert batch.images.max() <= 1
    assert (batch.images > 0.95).float().mean() > 0.5  # mostly the light background
    assert [data.tokenizer.decode(row) for row in batch.tokens] == batch.captions
    example = data.datasets["train"][int(batch.indices[0])]
    torch.testing.assert_close(batch.images[0], example.image.float() / 255)


def test_validation_is_in_order_and_complete(data: ShapeSceneDataModule) -> None:
    places = torch.cat([batch.indices for batch in data.val_dataloader()])
    assert places.tolist() == list(range(10))


def test_first_gives_the_first_scenes(data: ShapeSceneDataModule) -> None:
    first = data.first("val", 3)
    assert first.captions == list(data.datasets["val"].captions(3))


def test_the_vocabulary_travels_in_the_state(data: ShapeSceneDataModule) -> None:
    other = ShapeSceneDataModule(size=10, canvas_size=32)
    other.load_state_dict(data.state_dict())
    assert other.tokenizer.words == data.tokenizer.words


def test_words_of_the_world_that_captions_do_not_have() -> None:
    few, all_of_them = (
        ShapeSceneDataModule(size=10, canvas_size=32, fit_captions=1, all_words=every) for every in (False, True)
    )
    few.setup()
    all_of_them.setup()
    assert set(few.tokenizer.words) < set(all_of_them.tokenizer.words) == set(word_tables(DEFAULT).vocabulary)


def test_impossible_arguments_are_named() -> None:
    for arguments, message in [
        ({"size": 1}, "size is 1"),
        ({"val_fraction": 1.0}, "val_fraction is 1.0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"num_workers": -1}, "num_workers is -1"),
        ({"fit_captions": 0}, "fit_captions is 0"),
    ]:
        with pytest.raises(ValueError, match=message):
            ShapeSceneDataModule(**arguments)


class RecordIndices(pl.Callback):
    """Records the scenes of each training batch."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        self.batches.append(batch.indices.tolist())


def fit(data: ShapeSceneDataModule, folder, checkpoint=None, **limits) -> tuple[list[list[int]], pl.Trainer]:
    """Train a tiny model; returns the scenes of each batch, and the trainer."""
    sizes = {"image_size": 32, "latent_dim": 4, "caption_dim": 8, "base_channels": 8, "stages": 3}
    record = RecordIndices()
    trainer = pl.Trainer(
        **{"max_epochs": 3, "limit_val_batches": 0, "accelerator": "cpu", "logger": False} | limits,
        callbacks=[record],
        default_root_dir=folder,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    data.setup()
    model = ConditionalVAE(len(data.tokenizer), **sizes)
    trainer.fit(CVAEModule(model), datamodule=data, ckpt_path=checkpoint, weights_only=True if checkpoint else None)
    return record.batches, trainer


def scenes_of(kind: type[ShapeSceneDataModule] = ShapeSceneDataModule) -> ShapeSceneDataModule:
    return kind(size=100, canvas_size=32, batch_size=10, num_workers=0)


def test_short_epochs_continue_through_the_pass(tmp_path) -> None:
    """With ``limit_train_batches`` an epoch is a part of a pass, and the next epoch takes the next part."""
    batches, _ = fit(scenes_of(), tmp_path, limit_train_batches=3)
    assert len(batches) == 9
    assert sorted(index for batch in batches for index in batch) == list(range(90))


class OtherScenes(ShapeSceneDataModule):
    """A user's own data module."""


@pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before the epoch ended")
@pytest.mark.parametrize("resumed_by", [OtherScenes, ShapeSceneDataModule])
def test_a_subclass_resumes_at_the_batch_where_it_stopped(tmp_path, resumed_by) -> None:
    """Whatever the class is called when resuming, the scenes and the words are those of an uninterrupted run."""
    whole, _ = fit(scenes_of(OtherScenes), tmp_path, max_steps=13)
    first, trainer = fit(scenes_of(OtherScenes), tmp_path, max_steps=4)
    trainer.save_checkpoint(tmp_path / "stopped.ckpt")
    data = scenes_of(resumed_by)
    rest, resumed = fit(data, tmp_path, tmp_path / "stopped.ckpt", max_steps=13)
    assert first + rest == whole
    assert resumed.global_step == 13
    assert data.tokenizer.words == trainer.datamodule.tokenizer.words
    assert load(tmp_path / "stopped.ckpt").tokenizer.words == data.tokenizer.words
