"""What ``judge`` shows: accuracy by atom and form as a table, and a page of the pictures that are wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from PIL import Image

from cvae_lightning.evaluation.judge_pictures import JudgedPicture
from cvae_lightning.reports.document import Document, Picture, Section, Table, Text, to_html
from cvae_lightning.runs.counted import counted
from cvae_lightning.runs.images import read_image
from cvae_lightning.world import ATOMS

MOST_PICTURES = 500
"""Pictures that the page shows."""
LARGEST_SIDE = 256
"""Pixels; larger pictures are shown smaller."""
Shares = Mapping[str, Any]


def accuracy_rows(shares: Shares) -> list[list[str]]:
    """Rows of a table: which captions, how many, and a cell per atom, in percent with its 95 % interval.

    Args:
        shares: ``pictures`` or ``prompts`` of :func:`~cvae_lightning.evaluation.judge_pictures.accuracy`.
    """
    return [
        [form, str(atoms["all"]["of"]), *(_cell(atoms[atom]) if atom in atoms else "" for atom in ATOMS)]
        for form, atoms in shares.items()
    ]


def _cell(tally: Mapping[str, Any]) -> str:
    """A share in percent.

    Example:
        >>> _cell({"share": 0.5, "low": 0.25, "high": 0.75})
        '50.0 (25.0-75.0)'
    """
    share, low, high = (f"{100 * tally[key]:.1f}" for key in ("share", "low", "high"))
    return f"{share} ({low}-{high})"


def accuracy_text(shares: Shares) -> str:
    """Both tables as aligned text, and the result in one sentence."""
    blocks = [aligned([_header(f"of {what}, %"), *accuracy_rows(shares[what])]) for what in ("pictures", "prompts")]
    right = shares["pictures"]["all"]["all"]
    of = counted(right["of"], "picture shows", "pictures show")
    return "\n\n".join([*blocks, f"{right['passed']} of {of} exactly what their captions say"])


def _header(first: str) -> list[str]:
    return [first, "number", *ATOMS]


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows as text in columns.

    Example:
        >>> aligned([["a", "bcd", "e"], ["fg", "h", "i"]]).splitlines()
        ['a   bcd  e', 'fg  h    i']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def wrong_page(pictures: Sequence[JudgedPicture], shares: Shares) -> str:
    """One HTML page that needs no other file: accuracy, then the wrong pictures with the reasons."""
    wrong = [picture for picture in pictures if not picture.image.verdict.all]
    more = f"; the first {MOST_PICTURES} are shown" if len(wrong) > MOST_PICTURES else ""
    tables = [Table(_header(f"of {what}, %"), accuracy_rows(shares[what])) for what in ("pictures", "prompts")]
    notes = Text(
        "In brackets: 95 % intervals (Wilson). A prompt is right if at least one of its pictures is. "
        "relation counts captions that state one."
    )
    of = counted(len(pictures), "picture does", "pictures do")
    sentence = Text(f"{len(wrong)} of {of} not show exactly what their captions say{more}.")
    shown = [Picture(_words(picture), _png(picture)) for picture in wrong[:MOST_PICTURES]]
    return to_html(
        Document("Pictures judged", [Section("Accuracy", [*tables, notes]), Section("Wrong", [sentence, *shown])])
    )


def _words(picture: JudgedPicture) -> str:
    return f"{picture.source.caption}: {picture.image.verdict.reason} ({picture.source.name})"


def _png(picture: JudgedPicture) -> bytes:
    image, file = read_image(picture.source.path), BytesIO()
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.BOX)
    image.info = {}
    image.save(file, "PNG")
    return file.getvalue()
