"""A trained model as a function from captions to images; all that an application needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import overload

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from cvae_lightning.data.images import to_pictures, to_pixels, to_uint8
from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.errors import UserError, at_least_one, nearest_hint
from cvae_lightning.inference.candidates import PaintedImage, better
from cvae_lightning.inference.noise import normal_rows, sample_key
from cvae_lightning.models import ConditionalVAE
from cvae_lightning.world import complete_meaning, describe, judge, parse

BATCHES_TOGETHER = 8
"""Batches of samples of which the candidates that are not right yet are painted again together."""


@dataclass(frozen=True, slots=True)
class _Request:
    """A sample to paint: its caption, the words that the model is given, and its number."""

    caption: str
    model_caption: str
    index: int


class Painter:
    """Paints captions with a trained model, on the model's device.

    Args:
        model: the model; it is put into evaluation mode.
        tokenizer: the tokenizer that it was trained with.

    >>> from cvae_lightning import CaptionTokenizer, ConditionalVAE
    >>> tokenizer = CaptionTokenizer().fit(["a large blue square", "2 small red circles"])
    >>> sizes = {"image_size": 32, "latent_dim": 4, "caption_dim": 8, "base_channels": 8, "stages": 3}
    >>> painter = Painter(ConditionalVAE(len(tokenizer), **sizes), tokenizer)
    >>> [image.size for image in painter("a large blue square", num_samples=2)]
    [(32, 32), (32, 32)]
    >>> [len(images) for images in painter(["a large blue square", "2 small red circles"], num_samples=3)]
    [3, 3]
    """

    def __init__(self, model: ConditionalVAE, tokenizer: CaptionTokenizer) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer

    @overload
    def __call__(self, caption: str, num_samples: int = 1, seed: int = 0, best_of: int = 1) -> list[Image.Image]: ...  # type: ignore[overload-overlap]

    @overload
    def __call__(
        self, caption: Sequence[str], num_samples: int = 1, seed: int = 0, best_of: int = 1
    ) -> list[list[Image.Image]]: ...

    def __call__(
        self, caption: str | Sequence[str], num_samples: int = 1, seed: int = 0, best_of: int = 1
    ) -> list[Image.Image] | list[list[Image.Image]]:
        """``num_samples`` images of a caption; of a list of captions, a list of images per caption.

        Sample k depends on (caption, seed, k, best_of) alone, not on how many are asked for. With ``best_of`` it is
        the first of so many candidates that the judge passes, else the one with the most atoms right; candidate
        0 is the sample without ``best_of``.

        Raises:
            CaptionError: a caption has an unknown word or no meaning.
            UserError: a word was not in the model's training captions, or a number is out of range.
        """
        if isinstance(caption, str):
            return self.paint([caption], num_samples, seed, best_of=best_of)[0]
        return self.paint(caption, num_samples, seed, best_of=best_of)

    def paint(
        self, captions: Sequence[str], num_samples: int = 1, seed: int = 0, batch_size: int = 64, best_of: int = 1
    ) -> list[list[Image.Image]]:
        """``num_samples`` images of each caption; as many lists as captions."""
        rows = self.paint_and_judge(captions, num_samples, seed, batch_size, best_of)
        return [[painted.image for painted in row] for row in rows]

    def paint_and_judge(
        self, captions: Sequence[str], num_samples: int = 1, seed: int = 0, batch_size: int = 64, best_of: int = 1
    ) -> list[list[PaintedImage]]:
        """As :meth:`paint`, with the judge's verdict on each image.

        A size or colour that a caption leaves open is drawn for each sample; the verdict is on what the caption
        says.
        """
        painted = list(self.stream(captions, num_samples, seed, batch_size, best_of))
        return [painted[i : i + num_samples] for i in range(0, len(painted), num_samples)]

    def stream(
        self, captions: Sequence[str], num_samples: int = 1, seed: int = 0, batch_size: int = 64, best_of: int = 1
    ) -> Iterator[PaintedImage]:
        """The images of :meth:`paint_and_judge`, one caption after the other, as they are painted.

        However many there are, a few batches of them are in memory at a time.

        Raises:
            CaptionError, UserError: before anything is painted.
        """
        at_least_one(num_samples=num_samples, best_of=best_of)
        if seed < 0:
            raise UserError(f"seed={seed}: expected 0 or more")
        if not captions:
            raise UserError("no captions: give at least one, such as 'a large blue square above 3 small red circles'")
        for caption in captions:
            self.words(caption, seed)
        requests = (
            _Request(caption, self.words(caption, seed, k), k) for caption in captions for k in range(num_samples)
        )
        return self._painted(requests, seed, batch_size, best_of)

    def _painted(
        self, requests: Iterator[_Request], seed: int, batch_size: int, best_of: int
    ) -> Iterator[PaintedImage]:
        """The image of each request; candidates are painted of several batches together, which fills theirs."""
        together = batch_size if best_of == 1 else batch_size * BATCHES_TOGETHER
        while part := list(islice(requests, together)):
            yield from self._best(part, seed, batch_size, best_of)

    @torch.inference_mode()
    def _best(self, requests: Sequence[_Request], seed: int, batch_size: int, best_of: int) -> list[PaintedImage]:
        """The first right candidate of each request, else the one with the most atoms right."""
        kept: dict[int, PaintedImage] = {}
        for candidate in range(best_of):
            wrong = [i for i in range(len(requests)) if i not in kept or not kept[i].verdict.all]
            for start in range(0, len(wrong), batch_size):
                part = wrong[start : start + batch_size]
                candidates = self._candidates([requests[i] for i in part], seed, candidate)
                kept |= {i: better(kept.get(i), new) for i, new in zip(part, candidates, strict=True)}
        return [kept[i] for i in range(len(requests))]

    def _candidates(self, requests: list[_Request], seed: int, candidate: int) -> Iterator[PaintedImage]:
        keys = [sample_key(seed, request.index, candidate) for request in requests]
        noise = normal_rows(keys, self.model.latent_dim).to(self._device)
        images = self.model.generate(self._tokens([request.model_caption for request in requests]), noise=noise)
        verdicts = judge(to_uint8(images), [parse(request.caption) for request in requests])
        for image, request, verdict in zip(to_pictures(images), requests, verdicts, strict=True):
            yield PaintedImage(
                image=image,
                caption=request.caption,
                model_caption=request.model_caption,
                index=request.index,
                seed=seed,
                candidate=candidate,
                drawn=candidate + 1,
                verdict=verdict,
            )

    @torch.inference_mode()
    def reconstruct(self, images: Sequence[Image.Image], captions: Sequence[str]) -> list[Image.Image]:
        """Square images through the posterior's mean, each with its caption."""
        if len(images) != len(captions):
            raise UserError(f"{len(images)} images but {len(captions)} captions: each image needs its own")
        model_captions = [self.words(caption) for caption in captions]
        pixels = torch.stack([to_pixels(image, self.model.image_size) for image in images]).to(self._device)
        return to_pictures(self.model.reconstruct(pixels, self._tokens(model_captions)))

    def words(self, caption: str, seed: int = 0, index: int = 0) -> str:
        """The caption in words that the model was trained with.

        A size or colour that is left open is drawn from (seed, index), since default training data names
        both; a word that training never used is replaced by the canonical one of the same meaning.

        Raises:
            CaptionError: the caption has an unknown word or no meaning.
            UserError: the training captions had no word for something that the caption says.
        """
        meaning = parse(caption)
        specified = complete_meaning(meaning, np.random.default_rng([seed, index]))
        if specified == meaning and not self._unknown(caption):
            return caption
        canonical = describe(specified)
        if unknown := self._unknown(canonical):
            near = nearest_hint(unknown[0], self.tokenizer.words)
            raise UserError(f"{unknown[0]!r} is not in the captions that the model was trained on{near}")
        return canonical

    def _unknown(self, caption: str) -> list[str]:
        return [word for word in self.tokenizer.split(caption) if word not in self.tokenizer.words]

    def noise(self, num_samples: int, seed: int, candidate: int = 0) -> Tensor:
        """(num_samples, Z) the noise of a caption's samples; row k is a pure function of (seed, k, candidate)."""
        return normal_rows([sample_key(seed, k, candidate) for k in range(num_samples)], self.model.latent_dim)

    def _tokens(self, captions: Sequence[str]) -> Tensor:
        return self.tokenizer.encode_batch(captions).to(self._device)

    @property
    def _device(self) -> torch.device:
        return next(self.model.parameters()).device


def first_samples(model: ConditionalVAE, tokens: Tensor, seed: int = 0) -> Tensor:
    """(B, 3, S, S) sample 0 of each caption (B, T), the very pixels that a :class:`Painter` gives for this seed.

    For callers that have tokens and not captions: a run on a handful of scenes does not know every word of its
    validation captions, which a painter refuses.
    """
    noise = normal_rows([sample_key(seed, index=0)], model.latent_dim).to(tokens.device)
    return model.generate(tokens, noise=noise.expand(len(tokens), -1))
