"""The model under examination as functions of arrays: batches, device and random numbers are its business."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

from cvae_lightning.evaluation.bounds import log_weights
from cvae_lightning.evaluation.image_errors import image_errors
from cvae_lightning.evaluation.settings import Key
from cvae_lightning.inference.painter import Painter

Images = NDArray[np.uint8]
Floats = NDArray[np.float64]


class Paint(Protocol):
    """Whatever paints captions; picture i depends on caption i and key i alone."""

    def __call__(self, captions: Sequence[str], keys: Sequence[Key]) -> Images:
        """(N, S, S, 3) pictures of N captions, each with the seed of its own randomness."""


class Look(NamedTuple):
    """What a model makes of N images whose captions it is told.

    Attributes:
        seen: (N, S, S, 3) the images through the posterior's mean.
        distortion: (N,) nats, at one draw of the posterior.
        rate: (N, Z) nats.
        mean: (N, Z) the posterior's.
        errors: (N, 4) ``mse``, ``mae``, ``psnr`` and ``ssim`` of what is seen, before it is rounded to bytes.
    """

    seen: Images
    distortion: Floats
    rate: Floats
    mean: Floats
    errors: Floats


ERRORS = ("mse", "mae", "psnr", "ssim")


class ModelAdapter:
    """A painter's model.

    Args:
        painter: the trained model with its tokenizer.
        batch_size: pictures at a time.
    """

    def __init__(self, painter: Painter, batch_size: int = 64) -> None:
        self.model, self.tokenizer, self.batch_size = painter.model, painter.tokenizer, batch_size
        self.device = next(painter.model.parameters()).device

    @torch.inference_mode()
    def paint(self, captions: Sequence[str], keys: Sequence[Key]) -> Images:
        """Pictures of captions by the model's own prior: see :class:`Paint`."""
        parts = [
            _bytes(self.model.generate(self._tokens(captions[part]), noise=self._noise(keys[part])[:, 0]))
            for part in self._parts(len(captions))
        ]
        return np.concatenate(parts)

    @torch.inference_mode()
    def look(self, images: Images, captions: Sequence[str], keys: Sequence[Key]) -> Look:
        """Encode and decode images (N, S, S, 3)."""
        parts = [self._look(images[p], captions[p], keys[p]) for p in self._parts(len(images))]
        return Look(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    @torch.inference_mode()
    def weigh(self, images: Images, captions: Sequence[str], keys: Sequence[Key], draws: int) -> Floats:
        """(N, K) log importance weights in nats, K = ``draws``: see :func:`bounds.log_weights`."""
        parts = [
            log_weights(self.model, self._pixels(images[p]), self._tokens(captions[p]), self._noise(keys[p], draws))
            for p in self._parts(len(images))
        ]
        return torch.cat(parts).cpu().numpy()

    def _look(self, images: Images, captions: Sequence[str], keys: Sequence[Key]) -> Look:
        pixels, tokens = self._pixels(images), self._tokens(captions)
        drawn = self.model(pixels, tokens, noise=self._noise(keys)[:, 0])
        seen = self.model.reconstruct(pixels, tokens).float()
        pairs = zip(seen[:, None], pixels[:, None], strict=True)
        errors = torch.stack([torch.stack([*image_errors(*pair).values(), _ssim(*pair)]) for pair in pairs])
        numbers = (drawn.distortion, drawn.rate, drawn.posterior.mean, errors)
        return Look(_bytes(seen), *(one.double().cpu().numpy() for one in numbers))

    def _parts(self, count: int) -> Iterator[slice]:
        return (slice(start, start + self.batch_size) for start in range(0, count, self.batch_size))

    def _tokens(self, captions: Sequence[str]) -> Tensor:
        # A word that training never used is <UNK> to the model, and what comes of it counts.
        return self.tokenizer.encode_batch(captions).to(self.device)

    def _noise(self, keys: Sequence[Key], draws: int = 1) -> Tensor:
        """(N, draws, Z) standard normal; row i depends on key i, and draw k not on how many are asked for."""
        shape = (draws, self.model.latent_dim)
        rows = [np.random.default_rng(key).standard_normal(shape) for key in keys]
        return torch.from_numpy(np.stack(rows)).float().to(self.device)

    def _pixels(self, images: Images) -> Tensor:
        return torch.from_numpy(images).to(self.device).permute(0, 3, 1, 2).float() / 255


def _ssim(seen: Tensor, pixels: Tensor) -> Tensor:
    """Structural similarity (Wang et al. 2004), a scalar."""
    value = structural_similarity_index_measure(seen, pixels, data_range=1.0)
    assert isinstance(value, Tensor)
    return value


def _bytes(images: Tensor) -> Images:
    """(N, 3, S, S) in [0, 1] to (N, S, S, 3)."""
    pixels: Images = (images.float().clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    return pixels
