"""A trained model as a function from captions to pictures; all that an application needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from cvae_lightning.data.images import to_uint8
from cvae_lightning.data.tokenizer import CaptionTokenizer
from cvae_lightning.errors import UserError, at_least_one, nearest_hint
from cvae_lightning.inference.candidates import Painting, better
from cvae_lightning.inference.file_format import Saved, from_file
from cvae_lightning.inference.sampler_overrides import resampled
from cvae_lightning.models import ConditionalVAE, build
from cvae_lightning.runs import WEIGHTS, find_checkpoint
from cvae_lightning.world import complete_meaning, describe, judge, parse


class _Wanted(NamedTuple):
    """A sample to paint: its caption, the words the model is given, and its number."""

    asked: str
    told: str
    sample: int


class Painter:
    """Paints captions with a trained model, on whatever device the model is.

    Args:
        model: the model; it is put into evaluation mode.
        tokenizer: the tokenizer that it was trained with.
    """

    def __init__(self, model: ConditionalVAE, tokenizer: CaptionTokenizer) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer

    def __call__(self, caption: str, num_samples: int = 1, seed: int = 0, best_of: int = 1) -> list[Image.Image]:
        """Pictures of one caption.

        Sample k depends on (caption, seed, k, best_of) alone, not on how many are asked for. With ``best_of`` it is
        the first of so many candidates that the judge passes, else the one with the most atoms right; candidate
        0 is the sample without ``best_of``.

        Raises:
            CaptionError: the caption has an unknown word or no meaning.
            UserError: the model never saw a word of it in training.
        """
        return self.paint([caption], num_samples, seed, best_of=best_of)[0]

    def paint(
        self, captions: Sequence[str], num_samples: int = 1, seed: int = 0, batch_size: int = 64, best_of: int = 1
    ) -> list[list[Image.Image]]:
        """``num_samples`` pictures of each caption; as many lists as captions."""
        rows = self.paintings(captions, num_samples, seed, batch_size, best_of)
        return [[painting.picture for painting in row] for row in rows]

    @torch.inference_mode()
    def paintings(
        self, captions: Sequence[str], num_samples: int = 1, seed: int = 0, batch_size: int = 64, best_of: int = 1
    ) -> list[list[Painting]]:
        """As :meth:`paint`, with the judge's verdict on each picture.

        What a caption leaves unsaid is drawn for each sample, as its speaker would take any of it; the verdict
        is on what the caption says.
        """
        at_least_one(num_samples=num_samples, best_of=best_of)
        if seed < 0:
            raise UserError(f"seed={seed}: expected 0 or more")
        if not captions:
            raise UserError("no captions: give at least one, such as 'a large blue square above 3 small red circles'")
        wanted = [_Wanted(caption, self.words(caption, seed, k), k) for caption in captions for k in range(num_samples)]
        kept: dict[int, Painting] = {}
        for candidate in range(best_of):
            noise = self.noise(num_samples, seed, candidate)
            wrong = [place for place in range(len(wanted)) if place not in kept or not kept[place].verdict.all]
            for start in range(0, len(wrong), batch_size):
                part = wrong[start : start + batch_size]
                drawn = self._candidates([wanted[place] for place in part], noise, seed, candidate)
                kept |= {place: better(kept.get(place), new) for place, new in zip(part, drawn, strict=True)}
        paintings = [kept[place] for place in range(len(wanted))]
        return [paintings[i : i + num_samples] for i in range(0, len(paintings), num_samples)]

    def _candidates(self, wanted: list[_Wanted], noise: Tensor, seed: int, candidate: int) -> Iterator[Painting]:
        rows = noise[[one.sample for one in wanted]].to(self._device)
        images = self.model.generate(self._tokens([one.told for one in wanted]), noise=rows)
        verdicts = judge(to_uint8(images), [parse(one.asked) for one in wanted])
        for picture, one, verdict in zip(to_pictures(images), wanted, verdicts, strict=True):
            yield Painting(picture, one.asked, one.told, seed, one.sample, candidate, candidate + 1, verdict)

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
        told = complete_meaning(meaning, np.random.default_rng([seed, sample]))
        if told == meaning and not self._unseen(caption):
            return caption
        canonical = describe(told)
        if unseen := self._unseen(canonical):
            raise UserError(
                f"the model never saw {unseen[0]!r} in training{nearest_hint(unseen[0], self.tokenizer.words)}"
            )
        return canonical

    def _unseen(self, caption: str) -> list[str]:
        return [word for word in self.tokenizer.split(caption) if word not in self.tokenizer.words]

    def noise(self, num_samples: int, seed: int, candidate: int = 0) -> Tensor:
        """(num_samples, Z) standard normal noise; row k is a pure function of (seed, k, candidate)."""
        last = [candidate] if candidate else []
        rngs = [np.random.default_rng([seed, k, *last]) for k in range(num_samples)]
        return torch.from_numpy(np.stack([rng.standard_normal(self.model.latent_dim) for rng in rngs])).float()

    def _tokens(self, captions: Sequence[str]) -> Tensor:
        return self.tokenizer.encode_batch(captions).to(self._device)

    @property
    def _device(self) -> torch.device:
        return next(self.model.parameters()).device


def load(
    path: str | Path | None = None,
    device: str | torch.device = "cpu",
    sampling: Mapping[str, Any] | None = None,
) -> Painter:
    """The painter of a run folder (its best checkpoint), a checkpoint, or exported weights (file or folder).

    Without a path it is the trained model that comes with the package. Everything needed is in the file. It is
    read as plain data, so no code of it can run, and only model parts that this package (or the importing
    program) registered are built. Weights are float32, however they were stored.

    Args:
        path: see above.
        device: where the model goes.
        sampling: how its flow shall sample where not as in training;
            ``{"steps": 3, "corrections": 12}`` paints the quickstart's pictures at half the cost.

    Raises:
        UserError: there is no trained model at the path, it is damaged, or it cannot sample so.
    """
    file = find_checkpoint(path)
    try:
        saved = from_file(file) if file.suffix == Path(WEIGHTS).suffix else _from_checkpoint(file)
        model = build(resampled(saved.blueprint, sampling))
        if not isinstance(model, ConditionalVAE):
            raise UserError(f"{file} holds a {type(model).__name__}, not a ConditionalVAE")
        tokenizer = CaptionTokenizer(**saved.tokenizer)
        model.load_state_dict(saved.weights)
    except UserError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{file} is no trained model of this package: {type(error).__name__}: {reason}") from error
    return Painter(model.to(device), tokenizer)


def _from_checkpoint(file: Path) -> Saved:
    checkpoint = read_checkpoint(file)
    tensors = checkpoint["state_dict"].items()
    weights = {key.removeprefix("model."): value for key, value in tensors if key.startswith("model.")}
    return Saved(checkpoint["blueprint"], checkpoint["ShapeSceneDataModule"], weights)


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


def is_readable(file: Path) -> bool:
    """Whether there is a whole checkpoint; a process that was killed may have left half of one."""
    try:
        return bool(read_checkpoint(file))
    except UserError:
        return False


def to_pictures(images: Tensor) -> list[Image.Image]:
    """(B, 3, S, S) in [0, 1] to PIL images."""
    return [Image.fromarray(one) for one in to_uint8(images)]


def to_pixels(image: Image.Image, size: int) -> Tensor:
    """A square PIL image to (3, S, S) in [0, 1], resized where its side differs.

    Raises:
        UserError: the image is not square.
    """
    if image.width != image.height:
        raise UserError(f"an image of {image.width} x {image.height} pixels: expected a square one")
    resized = image.convert("RGB").resize((size, size), Image.Resampling.BOX)
    return torch.from_numpy(np.array(resized)).permute(2, 0, 1).float() / 255
