"""A picture as the demo shows it: with its caption, the judge's verdict and the objects that the judge detected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from cvae_lightning.inference.pictures import Pictures
from cvae_lightning.world import Detection, Verdict, World, detect


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture and what is said of it.

    Attributes:
        image: the pixels.
        title: above the picture.
        verdict: the judge's; None where it was not judged.
        things: what was detected in it.
        note: how it was made; empty for nothing to say.
    """

    image: Image.Image
    title: str
    verdict: Verdict | None = None
    things: tuple[Detection, ...] = ()
    note: str = ""


def figures_of(
    pictures: Pictures, world: World | None, titles: Sequence[str] | None = None, notes: Sequence[str] | None = None
) -> list[Figure]:
    """A figure of each picture; titles are the captions where none are given."""
    titles = pictures.captions if titles is None else titles
    notes = [""] * len(pictures) if notes is None else notes
    rows = zip(pictures.images, titles, pictures.verdicts, notes, strict=True)
    return [
        Figure(image=image, title=title, verdict=verdict, things=things_in(image, world), note=note)
        for image, title, verdict, note in rows
    ]


def things_in(image: Image.Image, world: World | None) -> tuple[Detection, ...]:
    """The objects that the judge detects in a square picture of 32 to 512 pixels; none where there is no judge."""
    if world is None:
        return ()
    (things,) = detect(np.asarray(image.convert("RGB"))[None], world=world)
    return things
