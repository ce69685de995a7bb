"""The guide's usage, with this package's names; and the promises of ``load``."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from support import ROOT

from cvae_lightning import CaptionTokenizer, ConditionalVAE, CVAEModule, ShapeSceneDataModule, ShapeSceneDataset, load
from cvae_lightning.errors import UserError
from cvae_lightning.training.run import train
from cvae_lightning.world import CaptionError

CAPTION = "a large blue square above 3 small red circles"


def test_the_guides_snippets_run() -> None:
    dataset = ShapeSceneDataset(size=50, canvas_size=64, seed=0, split="train")
    tokenizer = CaptionTokenizer()
    tokenizer.fit([*dataset.captions(), CAPTION])
    model = ConditionalVAE(
        vocab_size=tokenizer.get_vocab_size(), image_size=64, latent_dim=16, caption_dim=32, base_channels=8
    )
    model.eval()
    tokens = torch.tensor(tokenizer.encode(CAPTION)).unsqueeze(0)
    with torch.no_grad():
        generated = model.generate(tokens, num_samples=1)
        image = dataset[0].image.unsqueeze(0) / 255
        reconstructed = model.reconstruct(image, tokens)
    assert generated.shape == reconstructed.shape == (1, 3, 64, 64)
    assert 0 <= generated.min() <= generated.max() <= 1


@pytest.mark.slow
def test_training_works_on_built_objects_without_a_config(tmp_path: Path) -> None:
    data = ShapeSceneDataModule(size=40, canvas_size=32, batch_size=8, num_workers=0)
    data.setup()
    sizes = {"image_size": 32, "latent_dim": 4, "caption_dim": 8, "base_channels": 8, "stages": 3}
    module = CVAEModule(ConditionalVAE(len(data.tokenizer), **sizes))
    trainer = pl.Trainer(
        max_epochs=1, accelerator="cpu", logger=False, default_root_dir=tmp_path, enable_progress_bar=False
    )
    metrics = train(module, data, trainer)
    assert metrics["val/mse"] > 0
    trainer.save_checkpoint(tmp_path / "mine.ckpt")
    assert load(tmp_path / "mine.ckpt").model.latent_dim == 4
    tested = trainer.test(module, datamodule=data, verbose=False)
    assert tested[0]["test/kl_weight"] == 1.0


def test_a_painter_needs_only_the_folder_and_paints_pictures(tiny_run: Path) -> None:
    painter = load(tiny_run)
    pictures = painter(CAPTION, num_samples=4, seed=0)
    assert [picture.size for picture in pictures] == [(32, 32)] * 4
    assert len({picture.tobytes() for picture in pictures}) == 4


def test_a_sample_depends_on_caption_seed_and_its_number_alone(tiny_run: Path) -> None:
    painter = load(tiny_run)
    four = [np.asarray(picture, dtype=int) for picture in painter(CAPTION, num_samples=4, seed=3)]
    two = [np.asarray(picture, dtype=int) for picture in painter(CAPTION, num_samples=2, seed=3)]
    both = painter.paint(["a small red star", CAPTION], num_samples=2, seed=3, batch_size=3)[1]
    for k in range(2):
        assert abs(four[k] - two[k]).max() <= 1
        assert abs(four[k] - np.asarray(both[k], dtype=int)).max() <= 1


def test_the_vocabulary_file_is_the_checkpoints_vocabulary(tiny_run: Path) -> None:
    saved = CaptionTokenizer.load(tiny_run / "checkpoints" / "tokenizer_vocab.json")
    assert saved.words == load(tiny_run).tokenizer.words


def test_mistakes_of_a_program_are_exceptions(tiny_run: Path, tmp_path: Path) -> None:
    painter = load(tiny_run)
    with pytest.raises(CaptionError, match="'squid'"):
        painter("a red squid")
    with pytest.raises(UserError, match="num_samples=0"):
        painter(CAPTION, num_samples=0)
    with pytest.raises(UserError, match="no captions"):
        painter.paint([])
    with pytest.raises(UserError, match="no such file"):
        load(tmp_path / "nothing")


def test_a_class_that_is_not_a_part_is_never_built(tiny_run: Path, tmp_path: Path) -> None:
    checkpoint = torch.load(tiny_run / "checkpoints" / "best.ckpt", weights_only=True)
    checkpoint["cvae_lightning"].pop("sha256")  # as one who edits a file would
    checkpoint["cvae_lightning"]["blueprint"]["decoder"] = {"part": "subprocess.Popen", "args": "true"}
    torch.save(checkpoint, tmp_path / "strange.ckpt")
    with pytest.raises(UserError, match=r"subprocess\.Popen"):
        load(tmp_path / "strange.ckpt")


def test_public_names_are_there_and_import_is_light() -> None:
    import cvae_lightning

    assert all(getattr(cvae_lightning, name) is not None for name in cvae_lightning.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Paintr'"):
        cvae_lightning.Paintr  # noqa: B018
    code = "import sys, cvae_lightning.train, cvae_lightning.generate; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
