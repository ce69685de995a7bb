"""The samples of an evaluation as a file of their own, ``samples.jsonl``: one line per caption, the picture in it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

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
        right: whether the judge passes the sample.
        reason: what the judge saw.
        reconstruction_right: whether the judge passes the reconstruction of the split's own picture.
        png: the picture.
    """

    split: str
    index: int
    caption: str
    right: bool
    reason: str
    reconstruction_right: bool
    png: bytes


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


def read_samples(folder: Path) -> list[KeptSample]:
    """The samples that an evaluation has kept.

    Raises:
        UserError: there are none, or the file is damaged.
    """
    file = folder / SAMPLES
    if not file.is_file():
        raise UserError(
            f"{folder} has no {SAMPLES}, the samples by caption: evaluate once more; evaluations of own pictures and "
            "those of version 0.2 and before have none"
        )
    with content_of(file):
        return [_sample(row) for row in read_rows(file)]


def _sample(row: Mapping[str, Any]) -> KeptSample:
    for name, kind in (("split", str), ("index", int), ("caption", str), ("reason", str), ("png", str)):
        if type(row[name]) is not kind:
            raise ValueError(f"its {name} is {str(row[name])[:40]!r}")
    png = b64decode(row["png"], validate=True)
    if not png.startswith(SIGNATURE):
        raise ValueError("a picture is not a PNG")
    return KeptSample(
        split=row["split"],
        index=row["index"],
        caption=row["caption"],
        right=row["right"] is True,
        reason=row["reason"],
        reconstruction_right=row["reconstruction_right"] is True,
        png=png,
    )
