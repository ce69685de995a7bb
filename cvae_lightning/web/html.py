"""Results as HTML: pictures within the page itself, so that nothing is written to the disk or asked of a network."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape as escape_html

from PIL import Image

from cvae_lightning.inference.pictures import png
from cvae_lightning.web.caption_help import CaptionHelp, Offer, State
from cvae_lightning.web.figures import Figure
from cvae_lightning.web.uploads import Rate
from cvae_lightning.world import Detection, Verdict

TEMPLATE = {ord(letter): f"&#{ord(letter)};" for letter in "{}$`"}
"""Letters that the page's templates would read."""
MARKS = {State.COMPLETE: "✓", State.UNFINISHED: "…", State.WRONG: "✗"}


def escape(text: str) -> str:
    """A text that is shown as it is, whatever it holds.

    Example:
        >>> escape("<b>${x}")
        '&lt;b&gt;&#36;&#123;x&#125;'
    """
    return escape_html(text).translate(TEMPLATE)


def figures_html(figures: Sequence[Figure], summary: str = "") -> str:
    """Pictures in a row that wraps, each with its verdict.

    Example:
        >>> figures_html([Figure(image=Image.new("RGB", (1, 1)), title="<b>")])[:47]
        '<div class="figures"><figure class="not-judged"'
    """
    head = f'<p class="summary">{escape(summary)}</p>' if summary else ""
    return f'{head}<div class="figures">{"".join(map(_figure, figures))}</div>'


def _figure(figure: Figure) -> str:
    verdict = figure.verdict
    kind = "not-judged" if verdict is None else "right" if verdict.all else "wrong"
    note = f'<small class="note">{escape(figure.note)}</small>' if figure.note else ""
    return (
        f'<figure class="{kind}"><b>{escape(figure.title)}</b>'
        f'<span class="canvas"><img src="{address(figure.image)}" alt="{escape(_spoken(figure))}">'
        f"{_outlines(figure.things)}</span>"
        f"<figcaption>{_detected(figure)}{_verdict(verdict)}{note}</figcaption></figure>"
    )


def address(image: Image.Image) -> str:
    """A picture as a data address: its pixels as they are."""
    return f"data:image/png;base64,{base64.b64encode(png(image)).decode()}"


def _spoken(figure: Figure) -> str:
    return figure.title if figure.verdict is None else f"{figure.title}: {figure.verdict.reason}"


def _verdict(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    mark = '<span class="mark">✓ right</span>' if verdict.all else '<span class="mark">✗ wrong</span>'
    return f"{mark} <span class=reason>{escape(verdict.reason)}</span>"


def _outlines(things: Sequence[Detection]) -> str:
    """Circles around detected objects with their numbers, which the page shows on request."""
    shapes = "".join(_outline(number, thing) for number, thing in enumerate(things, 1))
    return f'<svg class="detected" viewBox="0 0 1 1" aria-hidden="true">{shapes}</svg>'


def _outline(number: int, thing: Detection) -> str:
    radius, kind = 1.25 * thing.r, " class=unclear" if thing.confidence == 0 else ""
    x, y = (min(max(at, 0.06), 0.94) for at in (thing.x + 0.75 * radius, thing.y - 0.75 * radius))
    return (
        f'<circle cx="{thing.x:.4f}" cy="{thing.y:.4f}" r="{radius:.4f}"{kind}/>'
        f'<circle class="tag" cx="{x:.4f}" cy="{y:.4f}" r="0.045"/><text x="{x:.4f}" y="{y:.4f}">{number}</text>'
    )


def _detected(figure: Figure) -> str:
    """What the numbers of the outlines stand for; objects that are alike share a line."""
    if figure.verdict is None:
        return ""
    numbers: dict[str, list[str]] = {}
    for number, thing in enumerate(figure.things, 1):
        numbers.setdefault(_words(thing), []).append(str(number))
    lines = "".join(f"<span><b>{' '.join(of)}</b> {escape(words)}</span>" for words, of in numbers.items())
    return f'<span class="listed">{lines or "<span>no objects</span>"}</span>'


def _words(thing: Detection) -> str:
    words = f"{thing.size} {thing.colour} {thing.shape}"
    return "unclear" if words == "unclear unclear unclear" else words


def help_html(help: CaptionHelp) -> str:
    """The line below a caption, with a button for each word that is offered."""
    kind = help.state.value
    return (
        f'<div class="help {kind}"><span class="mark">{MARKS[help.state]}</span> '
        f"<span>{escape(help.message)}</span>{offers_html(help.offers)}</div>"
    )


def offers_html(offers: Sequence[Offer], before: str = "") -> str:
    """Buttons that put a caption into the box above them."""
    buttons = "".join(
        f'<button type="button" data-caption="{escape(offer.caption)} ">{escape(offer.word)}</button>'
        for offer in offers
    )
    return f'<span class="offers">{escape(before)} {buttons}</span>' if buttons else ""


def problem_html(message: str) -> str:
    """A mistake, where results would be."""
    return f'<p class="problem" role="alert">{escape(message)}</p>'


def rates_html(rates: Sequence[Rate]) -> str:
    """A bar for each latent: how many nats of the picture it keeps."""
    longest = max((rate.nats for rate in rates), default=0.0) or 1.0
    rows = "".join(
        f'<tr><th scope="row">{escape(rate.name)}</th><td>{_bar(rate.nats / longest)}</td><td>{rate.nats:.2f}</td>'
        f"<td>{escape(rate.of)}</td></tr>"
        for rate in rates
    )
    total = sum(rate.nats for rate in rates)
    return (
        f'<p class="summary">Rate: {total:.1f} nats ({total / 0.6931471805599453:.1f} bits) by latent. It is what the '
        f'caption does not say and the model has to keep of this picture.</p><table class="rates">{rows}</table>'
    )


def _bar(share: float) -> str:
    return f'<i style="width:{100 * max(share, 0):.1f}%"></i>'
