"""A painted image with the judge's verdict, and which of several candidates is kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from PIL import Image

from cvae_lightning.world import Verdict


@dataclass(frozen=True, slots=True)
class Request:
    """A sample to paint: its caption, the words that the model is given, and its number."""

    caption: str
    model_caption: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintedImage:
    """An image and how it was made.

    Attributes:
        image: the pixels.
        caption: the caption that was asked for; the verdict is about it.
        model_caption: the caption that the model was given, in words of its training.
        seed: seed of the samples.
        index: number of the sample among those of its caption, from 0.
        candidate: which candidate of the sample this is, from 0.
        drawn: how many candidates were drawn until one was right or there were as many as allowed.
        verdict: the judge's; None where captions are of no world.
    """

    image: Image.Image
    caption: str
    model_caption: str
    seed: int
    index: int
    candidate: int
    drawn: int
    verdict: Verdict | None

    @property
    def is_right(self) -> bool:
        """Whether the judge passes it."""
        return self.verdict is not None and self.verdict.all

    def record(self) -> dict[str, Any]:
        """All but the pixels, as plain data."""
        how = {
            field.name: getattr(self, field.name) for field in fields(self) if field.name not in ("image", "verdict")
        }
        if self.verdict is None:
            return how
        found = asdict(self.verdict)
        last = {key: found.pop(key) for key in ("all", "reason")}
        return {**how, "verdict": found, **last}


def better(kept: PaintedImage | None, new: PaintedImage) -> PaintedImage:
    """The image with more atoms right, the earlier of equals; it counts the new one as drawn."""
    if kept is None or score(new.verdict) > score(kept.verdict):
        return new
    return replace(kept, drawn=new.drawn)


def score(verdict: Verdict | None) -> tuple[bool, int]:
    """A right image first, then by atoms right; comparable between verdicts on one meaning."""
    if verdict is None:
        return False, 0
    return verdict.all, sum(right is True for name, right in verdict.atoms().items() if name != "all")
