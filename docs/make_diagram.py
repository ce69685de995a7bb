"""Draw `docs/images/model.svg`: the slot model, with the file of each part in its box. Run it after moving a file."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

FILE = Path(__file__).parent / "images" / "model.svg"
WIDTH, HEIGHT = 1180, 330
BOX_WIDTH, BOX_HEIGHT = 172, 64
FONT = "font-family='Helvetica, Arial, sans-serif'"
FOOT = "Text encoder, encoder, prior and decoder together are the ConditionalVAE of models/cvae.py."
CODE, DATA, LINE = "#e8eefc", "#fdf3dc", "#445"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box of the drawing.

    Attributes:
        x, y: of its top-left corner, pixels.
        title: what it is.
        note: the file below `cvae_lightning/`, or what a value looks like.
        is_code: whether `note` is a file.
    """

    x: int
    y: int
    title: str
    note: str
    is_code: bool = True


BOXES = {
    "caption": Box(x=10, y=30, title="caption", note="3 small red circles", is_code=False),
    "text": Box(x=208, y=30, title="text encoder", note="models/text/attributes.py"),
    "slots": Box(x=406, y=30, title="slots", note="models/nn/slot_queries.py"),
    "prior": Box(x=604, y=30, title="flow prior", note="models/priors/flow.py"),
    "image": Box(x=10, y=230, title="training image", note="(B, 3, S, S)", is_code=False),
    "encoder": Box(x=208, y=230, title="encoder", note="models/encoders/slots.py"),
    "posterior": Box(x=406, y=230, title="posterior", note="models/gaussian.py"),
    "z": Box(x=604, y=130, title="z", note="one (x, y) per object", is_code=False),
    "decoder": Box(x=802, y=130, title="decoder", note="models/decoders/compositing.py"),
    "picture": Box(x=1000, y=30, title="image", note="(B, 3, S, S)", is_code=False),
    "judge": Box(x=1000, y=130, title="judge", note="world/judge.py"),
    "loss": Box(x=802, y=230, title="objective", note="training/objectives.py"),
}
ARROWS = [
    "M182 62 H206",  # caption to text encoder
    "M380 62 H404",  # text encoder to slots
    "M578 62 H602",  # slots to prior
    "M690 94 V128",  # prior to z
    "M182 262 H206",  # image to encoder
    "M380 262 H404",  # encoder to posterior
    "M492 94 V170 H294 V228",  # slots to encoder
    "M578 262 H690 V196",  # posterior to z
    "M776 162 H800",  # z to decoder
    "M492 30 V14 H888 V128",  # slots to decoder
    "M974 150 H986 V62 H998",  # decoder to image
    "M1086 94 V128",  # image to judge
    "M888 194 V228",  # decoder to objective
    "M690 262 H800",  # posterior to objective
]
LABELS = [(612, 254, "rate", "start"), (898, 216, "distortion", "start"), (698, 115, "painting", "start")]
LABELS += [(698, 215, "training", "start"), (1086, 216, "shows what the caption says?", "middle")]


def draw() -> str:
    """The drawing as SVG text."""
    shapes = [f"<path d='{path}' fill='none' stroke='{LINE}' marker-end='url(#head)'/>" for path in ARROWS]
    shapes += [_box(box) for box in BOXES.values()]
    shapes += [_text(x, y, words, 12, anchor, "italic") for x, y, words, anchor in LABELS]
    shapes.append(_text(590, 318, FOOT, 12, "middle", "italic"))
    head = "<marker id='head' markerWidth='8' markerHeight='8' refX='6' refY='3' orient='auto'>"
    head += f"<path d='M0 0 L7 3 L0 6 z' fill='{LINE}'/></marker>"
    background = f"<rect width='{WIDTH}' height='{HEIGHT}' rx='12' fill='#ffffff'/>"
    title = "<title>The slot model: from a caption or an image to z, and from z to an image</title>"
    opening = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' role='img'>"
    return "\n".join([opening, title, f"<defs>{head}</defs>", background, *shapes, "</svg>", ""])


def files() -> list[str]:
    """The files that the boxes name, below `cvae_lightning/`."""
    return [box.note for box in BOXES.values() if box.is_code] + ["models/cvae.py"]


def _box(box: Box) -> str:
    fill, middle = CODE if box.is_code else DATA, box.x + BOX_WIDTH // 2
    frame = f"<rect x='{box.x}' y='{box.y}' width='{BOX_WIDTH}' height='{BOX_HEIGHT}' rx='8' fill='{fill}'"
    frame += f" stroke='{LINE}'/>"
    title = _text(middle, box.y + 27, box.title, 16, "middle")
    return frame + title + _text(middle, box.y + 48, box.note, 10, "middle", "normal" if box.is_code else "italic")


def _text(x: int, y: int, words: str, size: int, anchor: str, style: str = "normal") -> str:
    placed = f"<text x='{x}' y='{y}' font-size='{size}' text-anchor='{anchor}' font-style='{style}' fill='#223' {FONT}>"
    return f"{placed}{escape(words)}</text>"


if __name__ == "__main__":
    FILE.write_text(draw())
