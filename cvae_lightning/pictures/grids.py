"""Grids of pictures with their captions printed under them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from cvae_lightning.pictures.frames import STRIP, draw_frame

BACKGROUND, TEXT_COLOUR = (255, 255, 255), (30, 30, 30)
GAP, FONT_SIZE = 8, 12
LINE = FONT_SIZE + 4
"""Pixels of a line of text."""
SMALLEST_CELL = 144
"""Pixels: smaller pictures are enlarged so that a caption of ten words fits under them."""
COLUMNS, MOST_COLUMNS = 8, 16
"""Pictures side by side: where the caller does not choose, and at most."""
PAIRS = "Above: the original. Below: its reconstruction."
MOST_PICTURES = 64
"""A grid shows the first so many pictures and says how many there are."""


def captioned_grid(
    pictures: Sequence[Image.Image],
    captions: Sequence[str],
    columns: int | None = None,
    correct: Sequence[bool | None] | None = None,
    total: int | None = None,
) -> Image.Image:
    """Equal square pictures, row by row, each over its caption.

    Args:
        pictures: at least one.
        captions: one per picture.
        columns: pictures per row, at most ``MOST_COLUMNS``.
        correct: the judge's verdict on each picture, shown by its frame (:mod:`cvae_lightning.pictures.frames`); None
            where there is none.
        total: how many pictures there are, where only the first of them are given.
    """
    cells = [_enlarged(picture) for picture in pictures[:MOST_PICTURES]]
    side = cells[0].width
    font = ImageFont.load_default(size=FONT_SIZE)
    texts = [_wrapped(caption, font, side) for caption in captions[: len(cells)]]
    verdicts = [None] * len(cells) if correct is None else list(correct[: len(cells)])
    below = 4 if correct is None else STRIP + 2
    height = side + below + LINE * max(map(len, texts)) + GAP - 4
    columns = min(columns or COLUMNS, MOST_COLUMNS, len(cells))
    page, draw = _page(columns, side, len(cells), height + GAP, total or len(pictures))
    for number, (cell, text, verdict) in enumerate(zip(cells, texts, verdicts, strict=True)):
        row, column = divmod(number, columns)
        x, y = GAP + column * (side + GAP), GAP + row * (height + GAP)
        page.paste(cell, (x, y))
        draw_frame(draw, x, y, side, verdict)
        for index, words in enumerate(text):
            draw.text((x, y + side + below + index * LINE), words, fill=TEXT_COLOUR, font=font)
    return page


def paired_grid(above: Sequence[Image.Image], below: Sequence[Image.Image], columns: int = COLUMNS) -> Image.Image:
    """Pictures over their counterparts, ``columns`` pairs per row."""
    tops, bottoms = ([_enlarged(picture) for picture in row[:MOST_PICTURES]] for row in (above, below))
    side = tops[0].width
    columns = min(columns, MOST_COLUMNS, len(tops))
    height = 2 * side + 2
    page, _ = _page(columns, side, len(tops), height + 2 * GAP, len(above), PAIRS)
    for number, (top, bottom) in enumerate(zip(tops, bottoms, strict=True)):
        row, column = divmod(number, columns)
        x, y = GAP + column * (side + GAP), GAP + row * (height + 2 * GAP)
        page.paste(top, (x, y))
        page.paste(bottom, (x, y + side + 2))
    return page


def _page(
    columns: int, side: int, shown: int, row_height: int, total: int, legend: str = ""
) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """An empty page, with its legend at its end and a note where not all pictures are shown."""
    rows = -(-shown // columns)
    note = f"{legend} The first {shown} of {total} pictures.".strip() if total > shown else legend
    width, height = columns * (side + GAP) + GAP, rows * row_height + GAP
    page = Image.new("RGB", (width, height + (LINE if note else 0)), BACKGROUND)
    draw = ImageDraw.Draw(page)
    draw.text((GAP, height - 4), note, fill=TEXT_COLOUR, font=ImageFont.load_default(size=FONT_SIZE))
    return page, draw


def _enlarged(picture: Image.Image) -> Image.Image:
    times = -(-SMALLEST_CELL // picture.width)
    return picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)


def _wrapped(caption: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    letters = max(8, int(width / (font.getlength("abcdefghijklmnopqrstuvwxyz ") / 27)))
    return textwrap.wrap(caption, letters) or [""]
