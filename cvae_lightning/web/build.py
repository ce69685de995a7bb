"""The whole page: what the words mean, what is shared, and one tab for each thing to do."""

from __future__ import annotations

from functools import partial

import gradio as gr

from cvae_lightning.inference.painter import Painter
from cvae_lightning.web.caption_help import one_word_changes
from cvae_lightning.web.html import escape
from cvae_lightning.web.page import Painters, edit_tab, interpolation_tab, samples_tab, shared_inputs
from cvae_lightning.web.page_latents import latents_tab, picture_tab

TERMS = (
    ("Caption", "says what to paint, in words: how many of what, in which colour and size, and where."),
    ("Prior", "turns random noise into latents that fit the caption. New noise gives another picture."),
    (
        "Latents",
        "are the numbers that say what the caption does not, such as where things are. The decoder paints them.",
    ),
    ("Verdict", "of the judge, a program that looks at the pixels alone: do they show exactly what the caption says?"),
)
FIRST = "a large blue square above 3 small red circles"
"""The caption that the page opens with, where the model can read it."""
WITHOUT_WORLD = {
    "Caption": "says what to paint. Words that training never had mean nothing to the model.",
    "Latents": "are the numbers that say what the caption does not. The decoder paints them.",
    "Verdict": "There is none: this model is of your own pictures, and no program knows what they should show.",
}


def build_page(painter: Painter) -> gr.Blocks:
    """The page of a painter, of whatever model."""
    caption, changed = first_captions(painter)
    with gr.Blocks(title="cvae_lightning", analytics_enabled=False) as page, gr.Column(elem_id="page"):
        gr.HTML(f"<h1>Captions to pictures</h1><p class=lead>{escape(description(painter))}</p>{terms(painter)}")
        inputs, following = shared_inputs(painter, caption)
        painters = Painters(painter, inputs.names)
        with gr.Tabs():
            with gr.Tab("Samples"):
                samples_tab(painters, inputs, page, following)
            with gr.Tab("Edit words"):
                edit_tab(painters, inputs, changed)
            with gr.Tab("Interpolate"):
                interpolation_tab(painters, inputs, changed)
            with gr.Tab("Move a latent") as tab:
                latents_tab(painters, inputs, tab)
            with gr.Tab("Your picture"):
                picture_tab(painters, inputs, caption)
    return page


def first_captions(painter: Painter) -> tuple[str, str]:
    """A caption to begin with, and another that differs in a word; of a model of own pictures some known word."""
    if painter.world is None:
        words = [word for word in painter.tokenizer.words if word.isalpha()]
        return (words[0], words[-1]) if words else ("", "")
    caption = next(filter(partial(paints, painter), (FIRST, *painter.world.language.examples)), "")
    changes = one_word_changes(caption, painter.world)
    return caption, changes[min(1, len(changes) - 1)].caption if changes else caption


def paints(painter: Painter, caption: str) -> bool:
    """Whether a caption is of the model's world, in words of its training."""
    try:
        painter.words(caption)
    except ValueError:
        return False
    return True


def description(painter: Painter) -> str:
    """What the model is, in a sentence."""
    model = painter.model
    size = sum(each.numel() for each in model.parameters())
    side = model.image_size
    return (
        f"A conditional VAE of {size:,} parameters paints {side} x {side} pixels from a caption and {model.latent_dim} "
        f"latents. Its prior is a {type(model.prior).__name__}."
    )


def terms(painter: Painter) -> str:
    """The four words that the page is about, in the order in which a picture is made."""
    cells = []
    for number, (name, plain) in enumerate(TERMS, 1):
        words = plain if painter.world else WITHOUT_WORLD.get(name, plain)
        cells.append(f"<div><b><i>{number}</i>{name}</b>{words}</div>")
    return f'<div class="terms">{"".join(cells)}</div>'
