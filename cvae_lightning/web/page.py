"""The demo's page in Gradio: a caption, its samples, and what becomes of them. What it does is in the other files."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr

from cvae_lightning.errors import UserError
from cvae_lightning.inference.painter import Painter
from cvae_lightning.web import actions
from cvae_lightning.web.caption_help import help_for, one_word_changes
from cvae_lightning.web.html import figures_html, help_html, offers_html, problem_html
from cvae_lightning.world import CaptionError

log = logging.getLogger(__name__)
ASSETS = Path(__file__).parent / "assets"
CSS = (ASSETS / "page.css").read_text(encoding="utf-8")
OFFERS_JS = (ASSETS / "offers.js").read_text(encoding="utf-8")
SOLVERS = ["euler", "midpoint", "heun"]
FAILED = "This did not work. The terminal that the demo was started from says more."
PRIVATE: dict[str, Any] = {"api_visibility": "private"}
MODEL: dict[str, Any] = {**PRIVATE, "concurrency_id": "model", "concurrency_limit": 1}
"""Listeners that run the model, one at a time."""
LIGHT: dict[str, Any] = {
    **PRIVATE,
    "show_progress": "hidden",
    "trigger_mode": "always_last",
    "concurrency_id": "light",
    "concurrency_limit": 4,
}
"""Listeners that answer at once and run no model."""


def attempt(work: Callable[[], str]) -> str:
    """The HTML that an action gives; of a mistake its message, and of any other error one sentence without details."""
    try:
        return work()
    except (UserError, CaptionError) as error:
        return problem_html(str(error))
    except Exception:
        log.exception("the demo could not answer a request")
        return problem_html(FAILED)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What all tabs share.

    Attributes:
        caption, seed: of the picture in hand.
        sampler: its settings, in the order of ``names``; none where the prior has no sampler.
        names: of the sampler's settings.
    """

    caption: gr.Textbox
    seed: gr.Number
    sampler: list[gr.components.Component]
    names: list[str]


class Painters:
    """The painter by settings of its sampler; the last few that were asked for are kept."""

    def __init__(self, painter: Painter, names: list[str]) -> None:
        self.painter = painter
        self._of = lru_cache(maxsize=2)(
            lambda *values: actions.with_sampler(painter, dict(zip(names, values, strict=True)))
        )

    def __call__(self, values: tuple[Any, ...]) -> Painter:
        """The painter with these settings."""
        return self._of(*values)


def caption_box(painter: Painter, label: str, value: str, name: str) -> gr.Textbox:
    """A box for a caption, with its live help below it."""
    box = gr.Textbox(value, label=label, max_length=actions.LONGEST_CAPTION, elem_id=name, autofocus=name == "caption")
    line = gr.HTML(
        help_html(help_for(value, painter.tokenizer, painter.world)), js_on_load=OFFERS_JS, elem_id=f"{name}-help"
    )

    def helped(text: str) -> str:
        return attempt(lambda: help_html(help_for(bounded(text), painter.tokenizer, painter.world)))

    box.change(helped, box, line, **LIGHT)
    line.select(chosen, None, box, **LIGHT)
    return box


def chosen(event: gr.EventData) -> str:
    """The caption of a button that was clicked."""
    return bounded(event.caption)


def bounded(text: Any) -> str:
    """A text of the page, of no more characters than a caption may have."""
    return str(text)[: actions.LONGEST_CAPTION]


def seed_box(label: str, elem_id: str) -> gr.Number:
    """A whole number that noise is drawn from."""
    return gr.Number(
        0, label=label, precision=0, minimum=0, maximum=actions.LARGEST_SEED, elem_id=elem_id, min_width=120
    )


def shared_inputs(painter: Painter, caption: str) -> tuple[Inputs, gr.Button]:
    """The caption, the seed and the sampler's settings, and the button for the next seed."""
    with gr.Row(elem_classes="shared"):
        with gr.Column(scale=5, min_width=320):
            box = caption_box(painter, "Caption", caption, "caption")
        with gr.Column(scale=2, min_width=260), gr.Row(elem_classes="bottom"):
            seed = seed_box("Seed", "seed")
            following = gr.Button("Next seed", min_width=100)
    with gr.Row(elem_classes="options"):
        # The page's style sheet shows the outlines where this is checked.
        gr.Checkbox(
            False, label="Outline the detected objects", visible=painter.world is not None, elem_id="outline", scale=2
        )
        settings, names = sampler_inputs(painter)
    return Inputs(box, seed, settings, names), following


def sampler_inputs(painter: Painter) -> tuple[list[gr.components.Component], list[str]]:
    """Inputs for the settings of the prior's sampler, with the values of training."""
    trained = painter.model.prior.sampler
    if trained is None:
        return [], []
    guided = bool(getattr(painter.model.prior, "caption_dropout", 0))
    with gr.Column(scale=5), gr.Accordion("Sampler settings", open=False), gr.Row():
        inputs: dict[str, gr.components.Component] = {
            "steps": gr.Slider(1, max(48, trained.steps), trained.steps, step=1, label="Steps of the flow's solver"),
            "solver": gr.Dropdown(SOLVERS, value=trained.solver, label="Solver"),
            "restarts": gr.Slider(0, max(48, trained.restarts), trained.restarts, step=1, label="Restarts"),
            "restart_time": gr.Slider(0, 1, trained.restart_time, step=0.01, label="Time of the restarts"),
        }
        if guided:
            inputs["guidance_scale"] = gr.Slider(0, 8, trained.guidance_scale, step=0.25, label="Guidance")
    return list(inputs.values()), list(inputs)


def samples_tab(painters: Painters, inputs: Inputs, page: gr.Blocks, following: gr.Button) -> None:
    """Samples of the caption: the first thing to see, and painted when the page opens."""
    has_judge = painters.painter.world is not None
    gr.HTML(
        "<p class=lead>Each sample has its own noise. The prior turns it into latents, and the decoder paints them"
        + (
            ", and the judge looks at the pixels. <i>Best of</i> keeps the first candidate that the judge passes."
            if has_judge
            else "."
        )
        + "</p>"
    )
    with gr.Row(elem_classes="bottom"):
        number = gr.Slider(1, actions.MOST_SAMPLES, 4, step=1, label="Samples", min_width=160)
        best_of = gr.Slider(
            1, actions.MOST_CANDIDATES, 1, step=1, label="Best of", visible=has_judge, min_width=160
        )  # fmt: skip
        button = gr.Button("Paint", variant="primary", elem_id="paint", min_width=120)
    shown = gr.HTML(elem_id="samples")

    def paint(caption: str, seed: int, number: int, best_of: int, *sampler: Any) -> str:
        def work() -> str:
            figures = actions.samples(painters(sampler), caption, seed=seed, number=number, best_of=best_of)
            return figures_html(figures, actions.counted(figures))

        return attempt(work)

    given = [inputs.caption, inputs.seed, number, best_of, *inputs.sampler]
    gr.on([button.click, inputs.caption.submit, page.load], paint, given, shown, **MODEL)
    advanced = following.click(
        lambda seed: (int(seed or 0) + 1) % actions.LARGEST_SEED, inputs.seed, inputs.seed, **LIGHT
    )
    advanced.then(paint, given, shown, **MODEL)


def edit_tab(painters: Painters, inputs: Inputs, edited: str) -> None:
    """The caption with words changed, and its noise kept."""
    painter = painters.painter
    gr.HTML("<p class=lead>Change words and keep the noise: what the words do not say stays where it is.</p>")
    changed = caption_box(painter, "Changed caption", edited, "edited")
    changes = gr.HTML(changes_html(painter, inputs.caption.value), js_on_load=OFFERS_JS, elem_id="changes")
    button = gr.Button("Edit", variant="primary", elem_id="edit")
    shown = gr.HTML(elem_id="edits", elem_classes="big")

    def edit(before: str, after: str, seed: int, *sampler: Any) -> str:
        return attempt(lambda: figures_html(actions.edited(painters(sampler), before, after, seed=seed)))

    given = [inputs.caption, changed, inputs.seed, *inputs.sampler]
    gr.on([button.click, changed.submit], edit, given, shown, **MODEL)
    changes.select(chosen, None, changed, **LIGHT).then(edit, given, shown, **MODEL)
    inputs.caption.change(lambda text: attempt(lambda: changes_html(painter, text)), inputs.caption, changes, **LIGHT)


def changes_html(painter: Painter, caption: str) -> str:
    """Buttons for changes of one word."""
    return offers_html(one_word_changes(bounded(caption), painter.world), "Change one word:")


def interpolation_tab(painters: Painters, inputs: Inputs, second: str) -> None:
    """The way from one caption or one noise to another."""
    gr.HTML(
        "<p class=lead>The way from the caption and seed above to those here. Another caption changes what is painted; "
        "another seed alone changes only what the caption leaves open.</p>"
    )
    end = caption_box(painters.painter, "Caption at the end", second, "end")
    with gr.Row(elem_classes="bottom"):
        seed = seed_box("Seed at the end", "end-seed")
        steps = gr.Slider(2, actions.MOST_STEPS, 7, step=1, label="Pictures")
        button = gr.Button("Interpolate", variant="primary", elem_id="interpolate")
    shown = gr.HTML(elem_id="interpolation", elem_classes="narrow")

    def interpolate(first: str, second: str, seed: int, second_seed: int, steps: int, *sampler: Any) -> str:
        def work() -> str:
            figures = actions.interpolated(
                painters(sampler), first, second, seed=seed, second_seed=second_seed, steps=steps
            )
            return figures_html(figures)

        return attempt(work)

    given = [inputs.caption, end, inputs.seed, seed, steps, *inputs.sampler]
    gr.on([button.click, end.submit], interpolate, given, shown, **MODEL)
