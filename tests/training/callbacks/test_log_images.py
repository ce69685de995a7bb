"""Right samples are framed in green and wrong ones in red, around their pixels."""

import pytorch_lightning as pl
import torch
from PIL import Image

from cvae_lightning.data import ShapeSceneDataModule
from cvae_lightning.data.images import to_uint8
from cvae_lightning.models import ConditionalVAE
from cvae_lightning.training import CVAEModule
from cvae_lightning.training.callbacks import LogImages
from cvae_lightning.training.callbacks.log_images import RIGHT, WRONG, framed


def test_a_frame_surrounds_the_pixels_and_leaves_them() -> None:
    images = torch.rand(2, 3, 8, 8)
    page = framed(images, [True, False])
    assert page.shape == (2, 3, 12, 12)
    assert torch.equal(page[:, :, 2:-2, 2:-2], images)
    for place, colour in ((0, RIGHT), (1, WRONG)):
        edge = torch.cat([page[place, :, :2].flatten(1), page[place, :, :, -2:].flatten(1)], dim=1)
        assert torch.equal(edge, torch.tensor(colour)[:, None].expand_as(edge))


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
    grid = Image.fromarray(to_uint8(board.images["samples"][None])[0])
    corners = [grid.getpixel((2 + place * (64 + 4 + 2), 2)) for place in range(4)]
    green, red = (tuple(round(255 * part) for part in colour) for colour in (RIGHT, WRONG))
    assert corners == [green, red, green, green]
