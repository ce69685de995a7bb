"""The samples of an evaluation as a file of their own, ``samples.jsonl``: one line per caption, the picture in it.

Of own pictures, which no judge knows, a sample is right where its caption is found: it explains its own picture better
than the captions of the other pictures do (:mod:`cvae_lightning.evaluation.retrieval`).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cvae_lightning.captioned_images.records import json_lines
from cvae_lightning.captioned_images.tables import read_rows
from cvae_lightning.errors import UserError
from cvae_lightning.runs import content_of
from cvae_lightning.runs.layout import SAMPLES
from cvae_lightning.world import Verdict

SIGNATURE = b"\x89PNG\r\n\x1a\n"
"""What every PNG begins with."""


class Judged(Protocol):
    """A picture that was judged."""

    @property
    def verdict(self) -> Verdict: ...


class Samples(Protocol):
    """What is kept of a split: see :class:`cvae_lightning.evaluation.split_result.SplitResult`."""

    @property
    def captions(self) -> Sequence[str]: ...
    @property
    def samples(self) -> Sequence[Judged]: ...
    @property
    def reconstructed(self) -> Sequence[Judged]: ...
    @property
    def pngs(self) -> Sequence[bytes]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSample:
    """One sample of an evaluation.

    Attributes:
        split: the split of its caption.
        index: the caption's in the split.
        caption: what was asked for.
        right: whether the judge passes the sample; of own pictures, whether the caption is found.
        reason: what the judge saw; of own pictures, the caption's rank.
        reconstruction_right: whether the judge passes the reconstruction of the split's own picture; None without one.
        png: the picture.
        original: the picture that the caption is of, of own pictures; None otherwise.
    """

    split: str
    index: int
    caption: str
    right: bool
    reason: str
    reconstruction_right: bool | None
    png: bytes
    original: bytes | None = None


class Retrieved(Protocol):
    """Whether a picture's own caption was found: see :class:`cvae_lightning.evaluation.pictures.RetrievedCaption`."""

    @property
    def is_found(self) -> bool: ...
    @property
    def rank(self) -> int: ...
    @property
    def best(self) -> str: ...


class OwnPictures(Protocol):
    """What is kept of a split of own pictures: see :class:`cvae_lightning.evaluation.pictures.PicturesResult`."""

    @property
    def captions(self) -> Sequence[str]: ...
    @property
    def retrieval(self) -> Sequence[Retrieved]: ...
    @property
    def originals(self) -> NDArray[np.uint8]: ...
    @property
    def painted(self) -> NDArray[np.uint8]: ...


def samples_text(splits: Mapping[str, Samples]) -> str:
    """The file's content."""
    return json_lines([row for split, found in splits.items() for row in _rows(split, found)])


def _rows(split: str, found: Samples) -> Iterator[dict[str, Any]]:
    judged = zip(found.captions, found.samples, found.reconstructed, found.pngs, strict=True)
    for index, (caption, sample, reconstructed, png) in enumerate(judged):
        yield {
            "split": split,
            "index": index,
            "caption": caption,
            "right": sample.verdict.all,
            "reason": sample.verdict.reason,
            "reconstruction_right": reconstructed.verdict.all,
            "png": b64encode(png).decode(),
        }


def own_samples_text(splits: Mapping[str, OwnPictures]) -> str:
    """The file's content of own pictures: those whose captions were looked for."""
    return json_lines([row for split, found in splits.items() for row in _own_rows(split, found)])


def _own_rows(split: str, found: OwnPictures) -> Iterator[dict[str, Any]]:
    for index, one in enumerate(found.retrieval):
        yield {
            "split": split,
            "index": index,
            "caption": found.captions[index],
            "right": one.is_found,
            "reason": _rank(one, len(found.retrieval)),
            "png": _encoded(found.painted[index]),
            "original": _encoded(found.originals[index]),
        }


def _rank(one: Retrieved, of: int) -> str:
    if one.is_found:
        return f"its caption is the best of {of}"
    best = f"; best: {one.best}" if one.rank > 1 else ""
    return f"its caption has rank {one.rank} of {of}{best}"


def _encoded(image: NDArray[np.uint8]) -> str:
    file = BytesIO()
    Image.fromarray(image).save(file, "PNG", optimize=True)
    return b64encode(file.getvalue()).decode()


def read_samples(folder: Path) -> list[KeptSample]:
    """The samples that an evaluation has kept.

    Raises:
        UserError: there are none, or the file is damaged.
    """
    file = folder / SAMPLES
    if not file.is_file():
        raise UserError(
            f"{folder} has no {SAMPLES}, the samples by caption, as evaluations of version 0.2 and before: make it "
            "again, with python -m cvae_lightning.evaluate run=FOLDER, the folder of its run"
        )
    with content_of(file):
        return [_sample(row) for row in read_rows(file)]


def _sample(row: Mapping[str, Any]) -> KeptSample:
    for name, kind in (("split", str), ("index", int), ("caption", str), ("reason", str), ("png", str)):
        if type(row[name]) is not kind:
            raise ValueError(f"its {name} is {str(row[name])[:40]!r}")
    original = (
        _png(row["original"]) if "original" in row else None
    )  # own pictures have it, and no reconstruction judged
    return KeptSample(
        split=row["split"],
        index=row["index"],
        caption=row["caption"],
        right=row["right"] is True,
        reason=row["reason"],
        reconstruction_right=row["reconstruction_right"] is True if original is None else None,
        png=_png(row["png"]),
        original=original,
    )


def _png(text: Any) -> bytes:
    content = b64decode(text, validate=True)
    if not content.startswith(SIGNATURE):
        raise ValueError("a picture is not a PNG")
    return content
