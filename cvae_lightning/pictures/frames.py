"""How the judge's verdict on a picture is shown, everywhere: a green frame with a tick, or a red one with a cross.

The marks say it again without colour, for readers who cannot tell red from green.
"""

from __future__ import annotations

from PIL import ImageDraw

CORRECT, WRONG, NEUTRAL = (0, 150, 60), (215, 30, 30), (210, 210, 210)
"""RGB of frames: the judge passes the picture, the judge does not, the picture was not judged."""
WIDTH = 3
"""Pixels of a verdict's frame."""
STRIP = 14
"""Height in pixels of the part of a verdict's frame that is below the picture and holds the mark."""
TICK = ((1, 5), (4, 8), (9, 1))
CROSS = ((1, 1), (8, 8)), ((1, 8), (8, 1))
"""Polylines of the marks, pixels in a square of 10."""
MARK_COLOUR = (255, 255, 255)


def draw_frame(draw: ImageDraw.ImageDraw, x: int, y: int, side: int, correct: bool | None) -> None:
    """Draw a frame around the square of ``side`` pixels at (x, y) and leave its pixels as they are.

    Args:
        draw: draws on the page that holds the picture.
        x, y: the picture's left upper pixel on the page.
        side: of the picture, pixels.
        correct: the verdict; None draws a thin grey frame without a mark.
    """
    if correct is None:
        draw.rectangle((x - 1, y - 1, x + side, y + side), outline=NEUTRAL)
        return
    colour = CORRECT if correct else WRONG
    draw.rectangle((x - WIDTH, y - WIDTH, x + side + WIDTH - 1, y + side + WIDTH - 1), outline=colour, width=WIDTH)
    draw.rectangle((x - WIDTH, y + side, x + side + WIDTH - 1, y + side + STRIP - 1), fill=colour)
    left, top = x + side // 2 - 5, y + side + 2
    for line in (TICK,) if correct else CROSS:
        draw.line([(left + dx, top + dy) for dx, dy in line], fill=MARK_COLOUR, width=2)
