"""A model as functions of arrays: cuts them into batches, moves them to the device and draws the noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cvae_lightning.data.images import from_uint8, to_uint8
from cvae_lightning.errors import UserError
from cvae_lightning.evaluation.bounds import log_weights
from cvae_lightning.evaluation.image_errors import image_errors
from cvae_lightning.evaluation.structural_similarity import structural_similarity
from cvae_lightning.inference.halves import generate
from cvae_lightning.inference.noise import Key, normal_rows
from cvae_lightning.inference.painter import Painter
from cvae_lightning.models.gaussian import draw
from cvae_lightning.world import World

Images = NDArray[np.uint8]
Floats = NDArray[np.float64]


class Paint(Protocol):
    """Something that paints captions; image i depends on caption i and key i alone."""

    def __call__(self, captions: Sequence[str], keys: Sequence[Key]) -> Images:
        """(N, S, S, 3) images of N captions, each with the key of its own noise."""


class ReconstructionStats(NamedTuple):
    """What a model makes of N images, given their captions.

    Attributes:
        reconstructions: (N, S, S, 3) the images through the posterior's mean.
        distortion: (N,) nats, at one draw of the posterior.
        rate: (N, Z) nats.
        mean: (N, Z) the posterior's.
        errors: (N, 4) ``mse``, ``mae``, ``psnr`` and ``ssim`` of the reconstructions, before they are rounded to bytes.
    """

    reconstructions: Images
    distortion: Floats
    rate: Floats
    mean: Floats
    errors: Floats


ERRORS = ("mse", "mae", "psnr", "ssim")


class ModelAdapter:
    """A painter's model.

    Args:
        painter: the trained model with its tokenizer.
        batch_size: images at a time.
    """

    def __init__(self, painter: Painter, batch_size: int = 64) -> None:
        self.model, self.tokenizer, self.batch_size = painter.model, painter.tokenizer, batch_size
        self.device, self._world = next(painter.model.parameters()).device, painter.world

    @property
    def world(self) -> World:
        """The world of the captions.

        Raises:
            UserError: they are of none.
        """
        if self._world is None:
            raise UserError(
                "the model was trained on own pictures, and the config.yaml that names their folder is not beside it: "
                "give run=, its run folder or its export's folder"
            )
        return self._world

    @torch.inference_mode()
    def paint(self, captions: Sequence[str], keys: Sequence[Key]) -> Images:
        """Images of captions by the model's own prior: see :class:`Paint`."""
        parts = [
            to_uint8(generate(self.model, self._tokens(captions[part]), self._noise(keys[part])[:, 0]))
            for part in self._parts(len(captions))
        ]
        return np.concatenate(parts)

    @torch.inference_mode()
    def reconstruct(self, images: Images, captions: Sequence[str], keys: Sequence[Key]) -> ReconstructionStats:
        """Encode and decode images (N, S, S, 3); key i seeds the posterior's draw of image i."""
        parts = [self._reconstruct(images[p], captions[p], keys[p]) for p in self._parts(len(images))]
        return ReconstructionStats(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    @torch.inference_mode()
    def posterior_means(self, images: Images, captions: Sequence[str]) -> Floats:
        """(N, Z) the posteriors' means of images (N, S, S, 3)."""
        parts = [
            self.model.encode(self._pixels(images[p]), self._tokens(captions[p])).mean for p in self._parts(len(images))
        ]
        return torch.cat(parts).double().cpu().numpy()

    @torch.inference_mode()
    def prior_weights(self, images: Images, captions: Sequence[str], keys: Sequence[Key]) -> Floats:
        """(N,) as one column of :meth:`importance_weights`, under the prior that samples are drawn from."""
        parts = [self._prior_weights(images[p], captions[p], keys[p]) for p in self._parts(len(images))]
        return torch.cat(parts)[:, 0].cpu().numpy()

    def _prior_weights(self, images: Images, captions: Sequence[str], keys: Sequence[Key]) -> Tensor:
        tensors = self._pixels(images), self._tokens(captions), self._noise(keys)
        return log_weights(self.model, *tensors, self.model.prior.log_prob)

    @torch.inference_mode()
    def importance_weights(self, images: Images, captions: Sequence[str], keys: Sequence[Key], draws: int) -> Floats:
        """(N, K) log importance weights in nats, K = ``draws``: see :func:`log_weights`."""
        parts = [
            log_weights(self.model, self._pixels(images[p]), self._tokens(captions[p]), self._noise(keys[p], draws))
            for p in self._parts(len(images))
        ]
        return torch.cat(parts).cpu().numpy()

    def _reconstruct(self, images: Images, captions: Sequence[str], keys: Sequence[Key]) -> ReconstructionStats:
        pixels, tokens = self._pixels(images), self._tokens(captions)
        model, caption = self.model, self.model.text_encoder(tokens)
        posterior = model.encoder(pixels, caption).posterior  # (B, Z); the loss of the prior is left out
        drawn = model.decoder(draw(posterior, self._noise(keys)[:, 0]), caption)  # (B, 3, S, S)
        reconstructed = model.decoder(posterior.mean, caption).float()
        similarity = structural_similarity(reconstructed, pixels)  # (B,)
        pairs = zip(reconstructed[:, None], pixels[:, None], similarity, strict=True)
        errors = torch.stack([torch.stack([*image_errors(a, b).values(), one]) for a, b, one in pairs])
        numbers = (model.likelihood.nll(drawn, pixels), model.prior.rate(posterior, caption), posterior.mean, errors)
        return ReconstructionStats(to_uint8(reconstructed), *(tensor.double().cpu().numpy() for tensor in numbers))

    def _parts(self, count: int) -> Iterator[slice]:
        return (slice(start, start + self.batch_size) for start in range(0, count, self.batch_size))

    def _tokens(self, captions: Sequence[str]) -> Tensor:
        # A word that training never used is <UNK> to the model, and what comes of it counts.
        return self.tokenizer.encode_batch(captions).to(self.device)

    def _noise(self, keys: Sequence[Key], draws: int = 1) -> Tensor:
        """(N, draws, Z) standard normal; row i depends on key i, and draw k not on how many are asked for."""
        rows = normal_rows(keys, draws * self.model.latent_dim)
        return rows.view(len(keys), draws, self.model.latent_dim).to(self.device)

    def _pixels(self, images: Images) -> Tensor:
        return from_uint8(images).to(self.device)
