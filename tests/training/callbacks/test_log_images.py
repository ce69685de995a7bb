"""Samples in TensorBoard are generate's pixels over their captions, framed by the judge's verdict."""

import numpy as np
import pytorch_lightning as pl
import torch
from PIL import Image

from cvae_lightning.data import ShapeSceneDataModule
from cvae_lightning.data.images import to_uint8
from cvae_lightning.inference.explore import MOVES
from cvae_lightning.inference.painter import Painter
from cvae_lightning.models import ConditionalVAE
from cvae_lightning.pictures.frames import CORRECT, WRONG
from cvae_lightning.pictures.grids import GAP
from cvae_lightning.training import CVAEModule, final_pictures
from cvae_lightning.training.callbacks import LogImages, LogLatents
from cvae_lightning.training.final_pictures import draw_final_pictures


class Copying(ConditionalVAE):
    """Answers every caption with the picture of the first validation scenes, the second of them spoilt."""

    def generate(self, tokens: torch.Tensor, num_samples: int = 1, noise: torch.Tensor | None = None) -> torch.Tensor:
        images = self.answers.clone()
        images[1, :, :, 16:] = 250 / 255
        return images[: len(tokens)]


class Board(pl.loggers.TensorBoardLogger):
    """Remembers the pictures."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.images: dict[str, torch.Tensor] = {}

    @property
    def experiment(self):
        return self

    def add_image(self, name: str, image: torch.Tensor, step: int) -> None:
        self.images[name] = image

    def add_embedding(self, matrix: torch.Tensor, captions: list[str], global_step: int, tag: str) -> None:
        self.embedded = matrix, captions, tag

    def add_text(self, name: str, text: str, step: int) -> None:
        assert name == "captions"


def test_the_judges_word_colours_the_grid(tmp_path, monkeypatch) -> None:
    data = ShapeSceneDataModule(size=40, val_fraction=0.5, canvas_size=64, num_workers=0)
    data.setup()
    sizes = {"image_size": 64, "latent_dim": 4, "caption_dim": 8, "base_channels": 8, "stages": 3}
    module = CVAEModule(Copying(len(data.tokenizer), **sizes).eval())
    module.model.answers = data.first("val", 4).images
    board = Board(str(tmp_path))
    trainer = pl.Trainer(logger=False, enable_checkpointing=False)
    trainer.loggers = [board]
    trainer.datamodule = data
    LogImages(count=4).on_validation_end(trainer, module)
    page = Image.fromarray(to_uint8(board.images["samples"][None])[0])
    side = 64 * 3  # enlarged, so that captions fit under them
    corners = [page.getpixel((GAP - 1 + column * (side + GAP), GAP - 1)) for column in range(4)]
    assert corners == [CORRECT, WRONG, CORRECT, CORRECT]


def test_samples_are_the_pixels_of_generate_and_of_the_runs_own_picture(tmp_path, monkeypatch) -> None:
    """TensorBoard, ``generated_samples.png`` and ``generate`` agree for the same caption and seed."""
    data = ShapeSceneDataModule(size=40, val_fraction=0.5, canvas_size=32, num_workers=0)
    data.setup()
    torch.manual_seed(0)
    sizes = {"image_size": 32, "latent_dim": 4, "caption_dim": 8, "base_channels": 8, "stages": 3}
    painter = Painter(ConditionalVAE(len(data.tokenizer), **sizes), data.tokenizer)
    with torch.no_grad():
        for weight in painter.model.parameters():
            weight += 0.05 * torch.randn_like(weight)
    scenes = data.first("val", 4)
    words = set(data.tokenizer.words)
    known = [k for k, caption in enumerate(scenes.captions) if words.issuperset(data.tokenizer.split(caption))]
    expected = {k: np.asarray(painter(scenes.captions[k], seed=0)[0]) for k in known}
    assert len(expected) > 1
    board = Board(str(tmp_path))
    trainer = pl.Trainer(logger=False, enable_checkpointing=False)
    trainer.loggers, trainer.datamodule = [board], data
    LogImages(count=4).on_validation_end(trainer, CVAEModule(painter.model))
    page = np.asarray(Image.fromarray(to_uint8(board.images["samples"][None])[0]))
    drawn = []
    monkeypatch.setattr(final_pictures, "draw_run", lambda folder, *arrays: drawn.append(arrays[2]))
    draw_final_pictures(tmp_path, painter, scenes)
    times = 5  # enlarged, so that captions fit under them
    for k, image in expected.items():
        left = GAP + k * (32 * times + GAP)
        assert np.array_equal(page[GAP : GAP + 32 * times : times, left : left + 32 * times : times], image)
        assert np.array_equal(drawn[0][k], image)


def test_latents_and_captions_are_shown_at_the_end_and_nothing_is_drawn_at_random(tmp_path) -> None:
    data = ShapeSceneDataModule(size=40, val_fraction=0.5, canvas_size=32, num_workers=0)
    data.setup()
    sizes = {"image_size": 32, "latent_dim": 4, "caption_dim": 8, "base_channels": 8, "stages": 3}
    module = CVAEModule(ConditionalVAE(len(data.tokenizer), **sizes).eval())
    board = Board(str(tmp_path))
    trainer = pl.Trainer(logger=False, enable_checkpointing=False, max_epochs=1)
    trainer.loggers = [board]
    trainer.datamodule = data
    before = torch.get_rng_state()
    LogLatents(latents=2, captions=5).on_validation_end(trainer, module)
    assert torch.equal(torch.get_rng_state(), before)
    matrix, captions, tag = board.embedded
    batch = data.first("val", 5)
    assert torch.equal(matrix, module.model.text_encoder(batch.tokens).pooled)
    assert (captions, tag) == (batch.captions, "captions")
    shown = board.images["traversals"]
    assert shown.shape[2] > len(MOVES) * 144
    trainer.fit_loop.max_epochs = 2
    board.images.clear()
    LogLatents(latents=2).on_validation_end(trainer, module)
    assert board.images == {}
