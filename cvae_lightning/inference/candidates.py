"""A painted picture with the judge's word on it, and which of several candidates is kept."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, NamedTuple

from PIL import Image

from cvae_lightning.world import Verdict


class Painting(NamedTuple):
    """A picture and how it came to be.

    Attributes:
        picture: the picture.
        asked: the caption that was asked for, which is what the verdict is about.
        caption: the caption in the words that the model was given.
        seed: seed of the samples.
        sample: number of the sample.
        candidate: which candidate of the sample this is, from 0.
        drawn: how many candidates were drawn until one was right or there were as many as allowed.
        verdict: the judge's.
    """

    picture: Image.Image
    asked: str
    caption: str
    seed: int
    sample: int
    candidate: int
    drawn: int
    verdict: Verdict

    def record(self) -> dict[str, Any]:
        """All but the pixels, as plain data."""
        made = {key: value for key, value in self._asdict().items() if key not in ("picture", "verdict")}
        found = asdict(self.verdict)
        last = {key: found.pop(key) for key in ("all", "reason")}
        return {**made, "verdict": found, **last}


def better(kept: Painting | None, new: Painting) -> Painting:
    """The one with more atoms right, the earlier one of equals; it counts the new one as drawn."""
    if kept is None or score(new.verdict) > score(kept.verdict):
        return new
    return kept._replace(drawn=new.drawn)


def score(verdict: Verdict) -> tuple[bool, int]:
    """A right picture first, then by atoms right; of one meaning, whose verdicts have the same atoms."""
    atoms = (verdict.count, verdict.colour, verdict.shape, verdict.size, verdict.relation)
    return verdict.all, sum(atom is True for atom in atoms)
