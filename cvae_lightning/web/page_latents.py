"""The tabs that show latents: those of a sample, moved by hand, and those of a picture of the user's."""

from __future__ import annotations

from typing import Any

import gradio as gr

from cvae_lightning.web.actions import samples
from cvae_lightning.web.html import address, figures_html, problem_html, rates_html
from cvae_lightning.web.latents import FARTHEST, Latents, decoded, first_latents, moved
from cvae_lightning.web.page import ASSETS, LIGHT, MODEL, Inputs, Painters, attempt, caption_box
from cvae_lightning.web.uploads import LARGEST_UPLOAD, picture_of, reconstructed

UPLOAD_JS = (ASSETS / "upload.js").read_text(encoding="utf-8")
UPLOAD_HTML = """<div class="upload"><label>Choose a picture
<input type="file" accept="image/png,image/jpeg,image/webp,image/bmp"></label>
${value ? `<img src="${value}" alt="your picture" onerror="this.hidden = true">` : ""}</div>"""
TOO_LARGE = f"Your picture has too many bytes: choose one of at most {LARGEST_UPLOAD // 1_000_000} MB."


def latents_tab(painters: Painters, inputs: Inputs, tab: gr.Tab) -> None:
    """Sample 1 of the caption, whose latents are moved by sliders."""
    gr.HTML(
        "<p class=lead>The decoder paints latents, wherever they come from. These are sample 1's: move one and see "
        "what it means, and when the picture is no longer what the caption says.</p>"
    )
    state = gr.State(None)
    with gr.Row():
        with gr.Column():
            handle = gr.Dropdown([], type="index", label="What to move", elem_id="handle")
            first = gr.Slider(0, 1, 0.5, label="x: from left to right", elem_id="first")
            second = gr.Slider(0, 1, 0.5, label="y: from top to bottom", elem_id="second")
            again = gr.Button("Back to the sample", elem_id="back")
        shown = gr.HTML(elem_id="moved", elem_classes="big")

    def start(caption: str, seed: int, *sampler: Any) -> tuple[Any, ...]:
        latents: list[Latents] = []

        def work() -> str:
            latents.append(first_latents(painters(sampler), caption, seed=seed))
            return figures_html([decoded(painters.painter, latents[0])])

        html = attempt(work)
        names = [each.name for each in latents[0].handles] if latents else []
        choices = gr.Dropdown(names, value=names[0] if names else None)
        return (latents[0] if latents else None, choices, *sliders(latents[0] if latents else None, 0), html)

    def move(latents: Latents | None, index: int | None, *numbers: float) -> tuple[Latents | None, str]:
        if latents is None or index is None:
            return latents, problem_html("Choose what to move.")
        after: list[Latents] = []

        def work() -> str:
            after.append(moved(latents, index, list(numbers)))
            return figures_html([decoded(painters.painter, after[0])])

        html = attempt(work)
        return (after[0] if after else latents), html

    outputs = [state, handle, first, second, shown]
    given = [inputs.caption, inputs.seed, *inputs.sampler]
    gr.on([tab.select, again.click], start, given, outputs, **MODEL)
    handle.input(sliders, [state, handle], [first, second], **LIGHT)
    moving = {**MODEL, "show_progress": "hidden", "trigger_mode": "always_last"}
    gr.on([first.input, second.input], move, [state, handle, first, second], [state, shown], **moving)


def sliders(latents: Latents | None, index: int | None) -> tuple[gr.Slider, gr.Slider]:
    """The sliders of what is chosen, at its numbers."""
    if latents is None or index is None or index >= len(latents.handles):
        return gr.Slider(), gr.Slider()
    chosen = latents.handles[index]
    numbers = chosen.read(latents.values)
    if not chosen.is_position:
        value = min(max(numbers[0], -FARTHEST), FARTHEST)
        return gr.Slider(-FARTHEST, FARTHEST, round(value, 3), step=0.001, label=chosen.name), gr.Slider(visible=False)
    x, y = (round(min(max(number, 0.0), 1.0), 3) for number in numbers)
    horizontal = gr.Slider(0, 1, x, step=0.001, label="x: from left to right")
    return horizontal, gr.Slider(0, 1, y, step=0.001, label="y: from top to bottom", visible=True)


def picture_tab(painters: Painters, inputs: Inputs, caption: str) -> None:
    """A picture of the user's and its reconstruction."""
    gr.HTML(
        "<p class=lead>The encoder turns a picture into latents, and the decoder paints them again. Begin with a "
        "sample, or choose a file: a picture of anything else shows what the model cannot paint.</p>"
    )
    with gr.Row():
        with gr.Column():
            upload = gr.HTML(
                "", html_template=UPLOAD_HTML, js_on_load=UPLOAD_JS, elem_id="upload", most_bytes=LARGEST_UPLOAD
            )
            sample = gr.Button("Take sample 1 of the caption above", elem_id="take-sample", size="sm")
            box = caption_box(painters.painter, "Caption of the picture", caption, "picture-caption")
            button = gr.Button("Reconstruct", variant="primary", elem_id="reconstruct")
        with gr.Column():
            shown = gr.HTML(elem_id="reconstruction")
            rates = gr.HTML(elem_id="rates")

    def reconstruct(address: str, caption: str) -> tuple[str, str]:
        bars: list[str] = []

        def work() -> str:
            found = reconstructed(painters.painter, picture_of(address), caption)
            bars.append(rates_html(found.rates))
            return figures_html(found.figures)

        return attempt(work), "".join(bars)

    def take(caption: str, seed: int, *sampler: Any) -> tuple[str, str]:
        try:
            (figure,) = samples(painters(sampler), caption, seed=seed, number=1)
        except ValueError:  # a caption or setting that the first tab says what is wrong with
            return "", caption
        return address(figure.image), caption

    taken = sample.click(take, [inputs.caption, inputs.seed, *inputs.sampler], [upload, box], **MODEL)
    taken.then(reconstruct, [upload, box], [shown, rates], **MODEL)
    gr.on([button.click, box.submit], reconstruct, [upload, box], [shown, rates], **MODEL)
    upload.clear(lambda: (problem_html(TOO_LARGE), ""), None, [shown, rates], **LIGHT)
