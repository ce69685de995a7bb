"""Figures of matplotlib as SVG: with tooltips inside a page, and as files for a paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any
from xml.etree import ElementTree

from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
MARK = "tip "
"""Begins the identifier of a shape that has a tooltip; the tooltip's text follows."""
STYLE: Any = {"svg.fonttype": "none", "svg.hashsalt": "cvae_lightning", "font.sans-serif": ["DejaVu Sans"]}
"""Text stays text, which can be searched and edited, and equal figures are equal bytes."""
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#999999")
"""Colours that all readers can tell apart (Okabe & Ito 2008, with a grey in place of its yellow)."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""Shapes of points, which say again what colours say."""
Words = Callable[[int, int], str]

ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


def tip(artist: Artist, text: str) -> None:
    """Give a shape of a figure a tooltip."""
    artist.set_gid(MARK + text)


def svg_file(figure: Figure) -> bytes:
    """A figure as an SVG file; its marked shapes have titles, which browsers show as tooltips.

    Example:
        >>> b"<svg" in svg_file(Figure(figsize=(1, 1)))
        True
    """
    return ElementTree.tostring(_drawn(figure), encoding="utf-8", xml_declaration=True)


def svg_inline(svg: bytes, name: str, title: str) -> str:
    """An SVG file as an element of an HTML page, which knows the names of SVG by itself.

    Args:
        svg: of :func:`svg_file`.
        name: begins the identifiers in it; no other figure of the page may have it.
        title: what it shows, for readers who do not see it.
    """
    root = ElementTree.fromstring(svg)
    root.set("role", "img")
    root.set("aria-label", title)
    links = {f"#{one.get('id')}": f"#{name}-{one.get('id')}" for one in root.iter() if one.get("id")}
    for one in root.iter():
        if one.get("id"):
            one.set("id", f"{name}-{one.get('id')}")
        if (link := one.get(f"{{{XLINK}}}href")) in links:
            one.set(f"{{{XLINK}}}href", links[link])
    text = ElementTree.tostring(root, encoding="unicode")
    return text.replace(f' xmlns="{SVG}"', "").replace(f' xmlns:xlink="{XLINK}"', "")


def _drawn(figure: Figure) -> ElementTree.Element:
    """The figure's elements: marked shapes have a title, and what nothing refers to has no identifier."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # what follows would count as larger than it is drawn
    for artist in figure.findobj():
        artist.set_clip_on(False)  # what is drawn stays within its axes, and a clip path is an address in the page
    text = StringIO()
    with rc_context(STYLE):
        figure.savefig(text, format="svg", metadata=NO_METADATA)
    root = ElementTree.fromstring(text.getvalue())
    _remove_styles(root)
    used = {(one.get(f"{{{XLINK}}}href") or "")[1:] for one in root.iter()}
    for one in root.iter():
        name = one.get("id", "")
        if name not in used and "id" in one.attrib:
            del one.attrib["id"]
        if name.startswith(MARK):
            title = ElementTree.Element(f"{{{SVG}}}title")
            title.text = name.removeprefix(MARK)
            one.insert(0, title)
    return root


def _remove_styles(root: ElementTree.Element) -> None:
    """Take the style sheet out, which would hold for a whole page, and say the same of this drawing alone."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{SVG}}}style", f"{{{SVG}}}metadata"):
                parent.remove(child)
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")


def cells(axes: Axes, texts: Sequence[Sequence[str]], shades: Sequence[Sequence[Any]], words: Words) -> None:
    """Draw a table as rectangles in colours, with their texts in black or white, whichever can be read.

    Args:
        axes: an empty panel.
        texts: of each cell, row by row from the top.
        shades: the colour of each cell.
        words: the tooltip of a cell by its row and column.
    """
    axes.set(xlim=(-0.5, len(texts[0]) - 0.5), ylim=(len(texts) - 0.5, -0.5))
    for y, line in enumerate(texts):
        for x, text in enumerate(line):
            shape = Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=shades[y][x], edgecolor="white", lw=0.5)
            tip(axes.add_patch(shape), words(y, x))
            red, green, blue = to_rgb(shades[y][x])
            dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55  # luma of ITU-R BT.601
            label = axes.text(x, y, text, ha="center", va="center", color="w" if dark else "k")
            tip(label, words(y, x))
