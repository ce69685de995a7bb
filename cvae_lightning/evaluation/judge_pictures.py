"""Pictures of any generator, judged by their captions: from arrays, or from files into GenEval's results; no torch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cvae_lightning.captioned_images.read import CaptionedImage
from cvae_lightning.errors import UserError
from cvae_lightning.evaluation.consistency import JudgedImage, atom_shares, judged
from cvae_lightning.evaluation.proportions import Tally
from cvae_lightning.runs.images import open_image, read_image, to_rgb
from cvae_lightning.world import ATOMS, DEFAULT, CaptionError, Meaning, Verdict, World, parse
from cvae_lightning.world.renderer import LARGEST, SMALLEST

AT_ONCE = 64
"""Pictures that are read together."""
DECIMALS = 4
"""Of the positions and radii in results."""
FORMS = ("one", "joined", "relation")


class JudgedPicture(NamedTuple):
    """A file and the judge's verdict on it.

    Attributes:
        source: the file, its caption and what else is known about it.
        image: what was detected in it, and the verdict.
    """

    source: CaptionedImage
    image: JudgedImage


def judge_images(
    images: Sequence[NDArray[np.uint8] | Image.Image], captions: Sequence[str], world: World = DEFAULT
) -> list[Verdict]:
    """The verdict on each picture and its caption, from the pixels alone.

    Args:
        images: arrays (S, S, 3) of uint8 RGB, also as one array (N, S, S, 3), or Pillow images of any mode; square,
            of 32 pixels or more, and not necessarily of one size.
        captions: one per picture, in the world's language.
        world: of the captions.

    Returns:
        verdicts, in the same order.

    Raises:
        ValueError: a picture has another type, shape or size, or there is not one caption per picture.
        CaptionError: a caption cannot be parsed.

    Example:
        >>> from cvae_lightning.world import Scene, Thing, render
        >>> images = render([Scene((Thing("circle", "red", "small", x=0.25, y=0.5, r=0.08),))], size=64)
        >>> judge_images(images, ["a small red circle"])[0].all
        True
    """
    if len(images) != len(captions):
        raise ValueError(f"there are {len(images)} images and {len(captions)} captions: expected one caption per image")
    meanings = [parse(caption, world=world) for caption in captions]
    return [image.verdict for image in _judged([_pixels(image) for image in images], meanings, world)]


def read_meanings(sources: Sequence[CaptionedImage], world: World = DEFAULT) -> list[Meaning]:
    """What each picture should show, after a look at every caption and at the size of every picture.

    Raises:
        UserError: a caption has no meaning, or a picture is not one that the judge takes.
    """
    meanings, mistakes = [], []
    for source in sources:
        try:
            meanings.append(parse(source.caption, world=world))
        except CaptionError as error:
            mistakes.append(f"{source.name}: {error}")
    if mistakes:
        raise UserError(f"{len(mistakes)} of {len(sources)} captions are outside the world's language: {mistakes[0]}")
    for source in sources:
        with open_image(source.path) as picture:
            check_size(picture.size, f"{source.name} is")
    return meanings


def judge_files(
    sources: Sequence[CaptionedImage],
    meanings: Sequence[Meaning],
    advance: Callable[[int], None],
    world: World = DEFAULT,
) -> list[JudgedPicture]:
    """Read and judge pictures.

    Args:
        sources: the files.
        meanings: of :func:`read_meanings`.
        advance: called with the number of pictures after each lot of them.
        world: of the captions.
    """
    judged_pictures: list[JudgedPicture] = []
    pairs = list(zip(sources, meanings, strict=True))
    for lot in (pairs[start : start + AT_ONCE] for start in range(0, len(pairs), AT_ONCE)):
        pixels = [_pixels(read_image(source.path)) for source, _ in lot]
        images = _judged(pixels, [meaning for _, meaning in lot], world)
        judged_pictures += [JudgedPicture(source, image) for (source, _), image in zip(lot, images, strict=True)]
        advance(len(lot))
    return judged_pictures


def check_size(size: tuple[int, int], what: str) -> None:
    """Let a width and a height pass that the judge takes.

    Raises:
        UserError: they differ, for positions and sizes are fractions of one side; or they are too small.
    """
    width, height = size
    if width != height:
        raise UserError(f"{what} {width} x {height} px: the judge takes square pictures; crop it or pad it")
    if width < SMALLEST:
        raise UserError(f"{what} {width} x {height} px: the judge needs at least {SMALLEST} px a side")


def _pixels(image: NDArray[np.uint8] | Image.Image) -> NDArray[np.uint8]:
    """(S, S, 3) with S from 32 to 512; a larger picture is averaged down to 512."""
    if isinstance(image, np.ndarray):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(f"an image is {image.dtype} {image.shape}: expected uint8 (S, S, 3)")
        image = Image.fromarray(image)
    check_size(image.size, "an image is")
    rgb = to_rgb(image)
    if rgb.width > LARGEST:
        rgb = rgb.resize((LARGEST, LARGEST), Image.Resampling.BOX)
    return np.asarray(rgb)


def _judged(pixels: Sequence[NDArray[np.uint8]], meanings: Sequence[Meaning], world: World) -> list[JudgedImage]:
    """Images of several sizes, those of one size together; in the order given."""
    found: dict[int, JudgedImage] = {}
    by_side = sorted(range(len(pixels)), key=lambda index: len(pixels[index]))
    for _, group in groupby(by_side, key=lambda index: len(pixels[index])):
        indices = list(group)
        images = judged(np.stack([pixels[index] for index in indices]), [meanings[index] for index in indices], world)
        found |= dict(zip(indices, images, strict=True))
    return [found[index] for index in range(len(pixels))]


def result_lines(pictures: Iterable[JudgedPicture]) -> Iterator[dict[str, Any]]:
    """The lines of ``results.jsonl``, with GenEval's fields; ``metadata`` and ``details`` are JSON texts, as there."""
    for source, image in pictures:
        yield {
            "filename": source.name,
            "tag": source.metadata.get("tag", image.meaning.form),
            "prompt": source.caption,
            "correct": image.verdict.all,
            "reason": image.verdict.reason,
            "metadata": json.dumps(source.metadata, ensure_ascii=False),
            "details": json.dumps(details(image)),
        }


def details(image: JudgedImage) -> dict[str, Any]:
    """The verdict by atom, and every object that was detected; lengths are fractions of the side."""
    objects = [
        {
            "shape": thing.shape,
            "colour": thing.colour,
            "size": thing.size,
            "centre": [round(thing.x, DECIMALS), round(thing.y, DECIMALS)],
            "radius": round(thing.r, DECIMALS),
            "confidence": round(thing.confidence, DECIMALS),
        }
        for thing in image.things
    ]
    return {"atoms": image.verdict.atoms(), "objects": objects}


def accuracy(pictures: Sequence[JudgedPicture]) -> dict[str, Any]:
    """Shares by atom of all captions and of each form, as plain data: of pictures, and of prompts.

    A prompt is right in an atom if at least one of its pictures is, as in GenEval's summary.
    """
    forms = {"all": list(pictures)}
    forms |= {form: [p for p in pictures if p.image.meaning.form == form] for form in FORMS}
    some = {form: members for form, members in forms.items() if members}
    return {
        "pictures": {form: atom_shares([p.image for p in members]) for form, members in some.items()},
        "prompts": {form: _by_prompt(members) for form, members in some.items()},
    }


def _by_prompt(pictures: Sequence[JudgedPicture]) -> dict[str, Any]:
    prompts: dict[str, list[Mapping[str, bool | None]]] = {}
    for source, image in pictures:
        prompts.setdefault(source.prompt, []).append(image.verdict.atoms())
    counted = {atom: Tally.over(_any(rows, atom) for rows in prompts.values()) for atom in ATOMS}
    return {atom: tally.plain() for atom, tally in counted.items() if tally.of}


def _any(rows: Sequence[Mapping[str, bool | None]], atom: str) -> bool | None:
    answers = [row[atom] for row in rows if row[atom] is not None]
    return any(answers) if answers else None
