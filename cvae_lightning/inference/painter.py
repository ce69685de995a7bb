"""A trained model as a function from captions to images; all that an application needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import overload

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from cvae_lightning.data.images import to_pictures, to_pixels, to_uint8
from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.errors import UserError, at_least_one
from cvae_lightning.inference.candidates import PaintedImage, Request, better
from cvae_lightning.inference.halves import generate
from cvae_lightning.inference.noise import check_seed, normal_rows, sample_key
from cvae_lightning.inference.pictures import PictureRows, Pictures
from cvae_lightning.inference.variations import interpolated
from cvae_lightning.inference.wording import in_known_words, warn_of_unknown
from cvae_lightning.models import ConditionalVAE
from cvae_lightning.runs.images import check_pairs
from cvae_lightning.world import DEFAULT, Verdict, World, judge, parse

BATCHES_TOGETHER = 8
"""Batches of samples of which the candidates that are not right yet are painted again together."""


class Painter:
    """Paints captions with a trained model, on the model's device.

    Args:
        model: the model; it is put into evaluation mode.
        tokenizer: the tokenizer that it was trained with.
        world: that of its training captions: how captions are read, and judged.

    >>> from cvae_lightning import CaptionTokenizer, ConditionalVAE
    >>> tokenizer = CaptionTokenizer().fit(["a large blue square", "2 small red circles"])
    >>> sizes = {"image_size": 32, "latent_dim": 4, "caption_dim": 8, "base_channels": 8, "stages": 3}
    >>> painter = Painter(ConditionalVAE(len(tokenizer), **sizes), tokenizer)
    >>> [image.size for image in painter("a large blue square", num_samples=2)]
    [(32, 32), (32, 32)]
    >>> [len(images) for images in painter(["a large blue square", "2 small red circles"], num_samples=3)]
    [3, 3]
    """

    def __init__(self, model: ConditionalVAE, tokenizer: CaptionTokenizer, world: World | None = DEFAULT) -> None:
        self.model, self.tokenizer, self.world = model.eval(), tokenizer, world

    @overload
    def __call__(self, caption: str, num_samples: int = 1, seed: int = 0, best_of: int = 1) -> Pictures: ...  # type: ignore[overload-overlap]

    @overload
    def __call__(
        self, caption: Sequence[str], num_samples: int = 1, seed: int = 0, best_of: int = 1
    ) -> PictureRows: ...

    def __call__(
        self, caption: str | Sequence[str], num_samples: int = 1, seed: int = 0, best_of: int = 1
    ) -> Pictures | PictureRows:
        """``num_samples`` images of a caption; of a list of captions, a row of images per caption.

        Sample k depends on (caption, seed, k, best_of) alone, not on how many are asked for. With ``best_of`` it is
        the first of so many candidates that the judge passes, else the one with the most atoms right; candidate
        0 is the sample without ``best_of``.

        Raises:
            CaptionError: a caption has an unknown word or no meaning.
            UserError: a word was not in the model's training captions, or a number is out of range.
        """
        captions = [caption] if isinstance(caption, str) else caption
        rows = [Pictures.of(row) for row in self.paint_and_judge(captions, num_samples, seed, best_of=best_of)]
        return rows[0] if isinstance(caption, str) else PictureRows(tuple(rows))

    def edit(self, before: str, after: str, seed: int = 0, index: int = 0) -> Pictures:
        """Two images of one noise: of a caption, and of the caption that it is changed to.

        Args:
            before: a caption.
            after: another one, such as the same with a word changed.
            seed, index: of the noise; the first image is sample ``index`` of ``before``.

        Raises:
            CaptionError, UserError: as for a call.
        """
        check_seed(seed)
        requests = (Request(caption, self.words(caption, seed, index), index) for caption in (before, after))
        return Pictures.of(list(self._painted(requests, seed, batch_size=2, best_of=1)))

    @torch.inference_mode()
    def interpolate(
        self, first: str, second: str | None = None, steps: int = 8, seed: int = 0, second_seed: int | None = None
    ) -> Pictures:
        """Images on the way from one caption to another, from one noise to another, or both at once.

        Captions are mixed by their encodings, noise on a sphere (:mod:`cvae_lightning.inference.variations`). The first
        image and the last are the painter's own samples 0. Each is judged by the caption that it is nearer to.

        Args:
            first: the caption at the start.
            second: the caption at the end; None for the same.
            steps: images, both ends included.
            seed: of the noise at the start.
            second_seed: of the noise at the end; None for the same.

        Raises:
            CaptionError, UserError: as for a call; nothing differs between start and end; fewer than 2 steps.
        """
        captions, seeds = (first, second or first), (seed, seed if second_seed is None else second_seed)
        if captions[0] == captions[1] and seeds[0] == seeds[1]:
            raise UserError("interpolate: start and end are the same; give a second caption, second_seed or both")
        if steps < 2:
            raise UserError(f"steps={steps}: expected at least 2, the start and the end")
        check_seed(min(seeds))
        words = [self.words(caption, one) for caption, one in zip(captions, seeds, strict=True)]
        noise = torch.cat([self.noise(1, one) for one in seeds]).to(self._device)
        images = interpolated(self.model, self._tokens(words), noise, steps)
        return self._judged(images, [captions[2 * k >= steps] for k in range(steps)])

    def judge(self, images: Sequence[Image.Image], captions: Sequence[str]) -> list[Verdict]:
        """The verdict on each image and its caption, from the pixels alone; images may be of any generator.

        Raises:
            CaptionError: a caption has an unknown word or no meaning.
            UserError: there is not one caption per image, or an image is not a square of 32 to 512 pixels.
        """
        check_pairs(images, captions)
        world = self.need_world("judge")
        meanings = [parse(caption, world=world) for caption in captions]
        try:
            pixels = [np.asarray(image.convert("RGB"))[None] for image in images]
            return [judge(one, [meaning], world=world)[0] for one, meaning in zip(pixels, meanings, strict=True)]
        except ValueError as error:
            raise UserError(str(error)) from error

    def need_world(self, what: str) -> World:
        """The world of the captions, for what cannot do without; raises UserError where they are of none."""
        if self.world is None:
            raise UserError(f"{what}: this model's captions are of no world that has scenes and a judge")
        return self.world

    def _judged(self, images: Tensor, captions: Sequence[str]) -> Pictures:
        return Pictures(tuple(to_pictures(images)), tuple(captions), tuple(self._verdicts(images, captions)))

    def _verdicts(self, images: Tensor, captions: Sequence[str]) -> Sequence[Verdict | None]:
        """The judge's on each image; None where captions are of no world."""
        if self.world is None:
            return [None] * len(captions)
        return judge(to_uint8(images), [parse(caption, world=self.world) for caption in captions], world=self.world)

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
        check_seed(seed)
        if best_of > 1 and self.world is None:
            raise UserError(
                f"best_of={best_of}: it needs the judge, and this model's captions are of no world: expected 1"
            )
        if not captions:
            raise UserError("no captions: give at least one, such as 'a large blue square above 3 small red circles'")
        for caption in captions:
            self.tokenizer.encode(self.words(caption, seed))
        warn_of_unknown(captions, self.tokenizer)
        requests = (
            Request(caption, self.words(caption, seed, k), k) for caption in captions for k in range(num_samples)
        )
        return self._painted(requests, seed, batch_size, best_of)

    def _painted(self, requests: Iterator[Request], seed: int, batch_size: int, best_of: int) -> Iterator[PaintedImage]:
        """The image of each request; candidates are painted of several batches together, which fills theirs."""
        together = batch_size if best_of == 1 else batch_size * BATCHES_TOGETHER
        while part := list(islice(requests, together)):
            yield from self._best(part, seed, batch_size, best_of)

    @torch.inference_mode()
    def _best(self, requests: Sequence[Request], seed: int, batch_size: int, best_of: int) -> list[PaintedImage]:
        """The first right candidate of each request, else the one with the most atoms right."""
        kept: dict[int, PaintedImage] = {}
        for candidate in range(best_of):
            wrong = [i for i in range(len(requests)) if i not in kept or not kept[i].is_right]
            for start in range(0, len(wrong), batch_size):
                part = wrong[start : start + batch_size]
                candidates = self._candidates([requests[i] for i in part], seed, candidate)
                kept |= {i: better(kept.get(i), new) for i, new in zip(part, candidates, strict=True)}
        return [kept[i] for i in range(len(requests))]

    def _candidates(self, requests: list[Request], seed: int, candidate: int) -> Iterator[PaintedImage]:
        noise = normal_rows([sample_key(seed, one.index, candidate) for one in requests], self.model.latent_dim)
        images = generate(self.model, self._tokens([one.model_caption for one in requests]), noise.to(self._device))
        verdicts = self._verdicts(images, [request.caption for request in requests])
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
    def reconstruct(self, images: Sequence[Image.Image], captions: Sequence[str]) -> Pictures:
        """Square images through the posterior's mean, each with its caption."""
        check_pairs(images, captions)
        model_captions = [self.words(caption) for caption in captions]
        pixels = torch.stack([to_pixels(image, self.model.image_size) for image in images]).to(self._device)
        return self._judged(self.model.reconstruct(pixels, self._tokens(model_captions)), captions)

    def words(self, caption: str, seed: int = 0, index: int = 0) -> str:
        """The caption in words that the model was trained with.

        A size or colour that is left open is drawn from (seed, index), since default training data names
        both; a word that training never used is replaced by the canonical one of the same meaning.

        Raises:
            CaptionError: the caption has an unknown word or no meaning.
            UserError: the training captions had no word for something that the caption says.
        """
        return in_known_words(caption, self.tokenizer, (seed, index), world=self.world)

    def noise(self, num_samples: int, seed: int, candidate: int = 0) -> Tensor:
        """(num_samples, Z) the noise of a caption's samples; row k is a pure function of (seed, k, candidate)."""
        return normal_rows([sample_key(seed, k, candidate) for k in range(num_samples)], self.model.latent_dim)

    def _tokens(self, captions: Sequence[str]) -> Tensor:
        return self.tokenizer.encode_batch(captions).to(self._device)

    @property
    def _device(self) -> torch.device:
        return next(self.model.parameters()).device
