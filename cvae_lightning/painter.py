"""A trained model as a function from captions to pictures; all that an application needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.errors import UserError, nearest
from cvae_lightning.models import ConditionalVAE, build
from cvae_lightning.runs import find_checkpoint
from cvae_lightning.world import describe, parse, specify


class Painter:
    """Paints captions with a trained model, on whatever device the model is.

    Args:
        model: the model; it is put into evaluation mode.
        tokenizer: the tokenizer that it was trained with.
    """

    def __init__(self, model: ConditionalVAE, tokenizer: CaptionTokenizer) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer

    def __call__(self, caption: str, num_samples: int = 1, seed: int = 0) -> list[Image.Image]:
        """Pictures of one caption.

        Sample k depends on (caption, seed, k) alone, not on how many are asked for.

        Raises:
            CaptionError: the caption has an unknown word or no meaning.
            UserError: the model never saw a word of it in training.
        """
        return self.paint([caption], num_samples, seed)[0]

    @torch.inference_mode()
    def paint(
        self, captions: Sequence[str], num_samples: int = 1, seed: int = 0, batch_size: int = 64
    ) -> list[list[Image.Image]]:
        """``num_samples`` pictures of each caption; as many lists as captions.

        What a caption leaves unsaid is drawn for each picture, as its speaker would take any of it.
        """
        if num_samples < 1:
            raise UserError(f"num_samples={num_samples}: expected at least 1")
        if seed < 0:
            raise UserError(f"seed={seed}: expected 0 or more")
        if not captions:
            raise UserError("no captions: give at least one, such as 'a large blue square above 3 small red circles'")
        read = [self.words(caption, seed, k) for caption in captions for k in range(num_samples)]
        noise = self.noise(num_samples, seed).repeat(len(captions), 1)
        pictures: list[Image.Image] = []
        for start in range(0, len(read), batch_size):
            part = slice(start, start + batch_size)
            pictures += to_pictures(self.model.generate(self._tokens(read[part]), noise=noise[part].to(self._device)))
        return [pictures[i : i + num_samples] for i in range(0, len(pictures), num_samples)]

    @torch.inference_mode()
    def reconstruct(self, images: Sequence[Image.Image], captions: Sequence[str]) -> list[Image.Image]:
        """Square pictures seen through the posterior's mean, each with its caption."""
        if len(images) != len(captions):
            raise UserError(f"{len(images)} images but {len(captions)} captions: each image needs its own")
        read = [self.words(caption) for caption in captions]
        pixels = torch.stack([to_pixels(image, self.model.image_size) for image in images]).to(self._device)
        return to_pictures(self.model.reconstruct(pixels, self._tokens(read)))

    def words(self, caption: str, seed: int = 0, sample: int = 0) -> str:
        """The caption in words that the model was trained with.

        A size or colour that is left unsaid is drawn from (seed, sample), since default training data names
        both; a word that training never used is replaced by the canonical one of the same meaning.

        Raises:
            CaptionError: the caption has an unknown word or no meaning.
            UserError: the model never saw a word for something the caption says.
        """
        meaning = parse(caption)
        told = specify(meaning, np.random.default_rng([seed, sample]))
        if told == meaning and not self._unseen(caption):
            return caption
        canonical = describe(told)
        if unseen := self._unseen(canonical):
            raise UserError(f"the model never saw {unseen[0]!r} in training{nearest(unseen[0], self.tokenizer.words)}")
        return canonical

    def _unseen(self, caption: str) -> list[str]:
        return [word for word in self.tokenizer.split(caption) if word not in self.tokenizer.words]

    def noise(self, num_samples: int, seed: int) -> Tensor:
        """(num_samples, Z) standard normal noise; row k is a pure function of (seed, k)."""
        rows = [np.random.default_rng([seed, k]).standard_normal(self.model.latent_dim) for k in range(num_samples)]
        return torch.from_numpy(np.stack(rows)).float()

    def _tokens(self, captions: Sequence[str]) -> Tensor:
        return self.tokenizer.encode_batch(captions).to(self._device)

    @property
    def _device(self) -> torch.device:
        return next(self.model.parameters()).device


def load(path: str | Path, device: str | torch.device = "cpu") -> Painter:
    """The painter of a run folder (its best checkpoint) or of a checkpoint file.

    Everything needed is in the file. It is read as plain data, so no code of it can run, and only model
    parts that this package (or the importing program) registered are built.

    Raises:
        UserError: there is no run or checkpoint at the path, or it is damaged.
    """
    file = find_checkpoint(Path(path))
    checkpoint = read_checkpoint(file)
    try:
        model = build(checkpoint["blueprint"])
        tokenizer = CaptionTokenizer(**checkpoint["ShapeSceneDataModule"])
        weights = {
            key.removeprefix("model."): value
            for key, value in checkpoint["state_dict"].items()
            if key.startswith("model.")
        }
        model.load_state_dict(weights)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{file} is no checkpoint of this package: {type(error).__name__}: {error}") from error
    if not isinstance(model, ConditionalVAE):
        raise UserError(f"{file} holds a {type(model).__name__}, not a ConditionalVAE")
    return Painter(model.to(device), tokenizer)


def read_checkpoint(file: Path) -> dict[str, Any]:
    """A checkpoint's plain data, by torch's weights-only reader.

    Raises:
        UserError: the file is damaged, or holds more than plain data.
    """
    try:
        checkpoint = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # torch.load answers damage with a dozen unrelated types
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{file} cannot be read as a checkpoint (is it damaged or cut short?): {reason}") from error
    if not isinstance(checkpoint, dict):
        raise UserError(f"{file} holds a {type(checkpoint).__name__}: expected a checkpoint of this package")
    return checkpoint


def to_pictures(images: Tensor) -> list[Image.Image]:
    """(B, 3, S, S) in [0, 1] to PIL images."""
    pixels = (images.float().clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    return [Image.fromarray(one) for one in pixels]


def to_pixels(image: Image.Image, size: int) -> Tensor:
    """A square PIL image to (3, S, S) in [0, 1], resized where its side differs.

    Raises:
        UserError: the image is not square.
    """
    if image.width != image.height:
        raise UserError(f"an image of {image.width} x {image.height} pixels: expected a square one")
    resized = image.convert("RGB").resize((size, size), Image.Resampling.BOX)
    return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 255
