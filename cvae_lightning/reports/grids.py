"""Grids of pictures with their captions printed under them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

PAPER, INK, OUTLINE = (255, 255, 255), (30, 30, 30), (210, 210, 210)
RIGHT, WRONG = (0, 150, 60), (215, 30, 30)
GAP, FONT_SIZE = 8, 12
SMALLEST_CELL = 144
"""Pixels: smaller pictures are enlarged so that a caption of ten words fits under them."""


def captioned_grid(
    pictures: Sequence[Image.Image],
    captions: Sequence[str],
    columns: int | None = None,
    right: Sequence[bool] | None = None,
) -> Image.Image:
    """Equal square pictures, row by row, each over its caption; those that are ``right`` in green, others in red."""
    outlines = [OUTLINE] * len(pictures) if right is None else [RIGHT if one else WRONG for one in right]
    frame = 1 if right is None else 3
    cells = [_enlarged(picture) for picture in pictures]
    side = cells[0].width
    font = ImageFont.load_default(size=FONT_SIZE)
    texts = [_wrapped(caption, font, side) for caption in captions]
    line = FONT_SIZE + 4
    height = side + line * max(map(len, texts)) + GAP
    columns = columns or min(len(cells), 8)
    rows = -(-len(cells) // columns)
    page = Image.new("RGB", (columns * (side + GAP) + GAP, rows * (height + GAP) + GAP), PAPER)
    draw = ImageDraw.Draw(page)
    for number, (cell, text, outline) in enumerate(zip(cells, texts, outlines, strict=True)):
        row, column = divmod(number, columns)
        x, y = GAP + column * (side + GAP), GAP + row * (height + GAP)
        page.paste(cell, (x, y))
        around = (x - frame, y - frame, x + side + frame - 1, y + side + frame - 1)
        draw.rectangle(around, outline=outline, width=frame)
        for place, words in enumerate(text):
            draw.text((x, y + side + 4 + place * line), words, fill=INK, font=font)
    return page


def paired_grid(above: Sequence[Image.Image], below: Sequence[Image.Image], columns: int = 8) -> Image.Image:
    """LogImages over their counterparts, ``columns`` pairs a row."""
    tops, bottoms = [_enlarged(p) for p in above], [_enlarged(p) for p in below]
    side = tops[0].width
    columns = min(columns, len(tops))
    rows = -(-len(tops) // columns)
    height = 2 * side + 2
    page = Image.new("RGB", (columns * (side + GAP) + GAP, rows * (height + 2 * GAP) + GAP), PAPER)
    for number, (top, bottom) in enumerate(zip(tops, bottoms, strict=True)):
        row, column = divmod(number, columns)
        x, y = GAP + column * (side + GAP), GAP + row * (height + 2 * GAP)
        page.paste(top, (x, y))
        page.paste(bottom, (x, y + side + 2))
    return page


def _enlarged(picture: Image.Image) -> Image.Image:
    times = -(-SMALLEST_CELL // picture.width)
    return picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)


def _wrapped(caption: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    letters = max(8, int(width / (font.getlength("abcdefghijklmnopqrstuvwxyz ") / 27)))
    return textwrap.wrap(caption, letters) or [""]
