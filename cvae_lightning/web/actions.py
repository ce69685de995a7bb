"""What the demo's tabs do, as functions from what was entered to figures; the page only calls them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from cvae_lightning.errors import UserError
from cvae_lightning.inference.painter import Painter
from cvae_lightning.inference.pictures import Pictures
from cvae_lightning.inference.sampler import change_sampler, changed_settings
from cvae_lightning.web.figures import Figure, figures_of

LONGEST_CAPTION = 200
"""Characters."""
MOST_SAMPLES, MOST_CANDIDATES, MOST_STEPS = 16, 16, 12
"""Of one request: samples, candidates of each, and pictures of an interpolation."""
LARGEST_SEED = 2**32 - 1
MOST_EVALUATIONS = 200
"""Steps or restarts of the sampler."""


def samples(painter: Painter, caption: str, *, seed: int = 0, number: int = 4, best_of: int = 1) -> list[Figure]:
    """Samples of a caption, each with the judge's verdict.

    Raises:
        CaptionError, UserError: as for a painter's call, and where a number is beyond the demo's limits.

    Example:
        >>> from cvae_lightning import load
        >>> [figure.image.size for figure in samples(load(), "a red star", number=2)]
        [(64, 64), (64, 64)]
    """
    check_captions(caption)
    seed, number = within("seed", seed, 0, LARGEST_SEED), within("number of samples", number, 1, MOST_SAMPLES)
    best_of = within("best of", best_of, 1, MOST_CANDIDATES)
    (row,) = painter.paint_and_judge([caption], number, seed, best_of=best_of)
    notes = []
    for painted in row:
        model_caption = painted.model_caption if painted.model_caption != caption else ""
        candidate = f"candidate {painted.candidate + 1} of {painted.drawn}" if best_of > 1 else ""
        notes.append(", ".join(filter(None, (model_caption and f"the model read: {model_caption}", candidate))))
    titles = [f"sample {painted.index + 1}" for painted in row]
    return figures_of(Pictures.of(row), painter.world, titles, notes)


def edited(painter: Painter, before: str, after: str, *, seed: int = 0) -> list[Figure]:
    """Two pictures of one noise: of a caption, and of the caption that it is changed to.

    Raises:
        CaptionError, UserError: as :func:`samples`.
    """
    check_captions(before, after)
    pictures = painter.edit(before, after, within("seed", seed, 0, LARGEST_SEED))
    return figures_of(pictures, painter.world, [f"before: {before}", f"after: {after}"])


def interpolated(
    painter: Painter, first: str, second: str, *, seed: int = 0, second_seed: int = 0, steps: int = 7
) -> list[Figure]:
    """Pictures on the way from one caption to another, from one noise to another, or both.

    Raises:
        CaptionError, UserError: as :func:`samples`; nothing differs between start and end.
    """
    check_captions(first, second)
    seeds = [within("seed", each, 0, LARGEST_SEED) for each in (seed, second_seed)]
    steps = within("number of pictures", steps, 2, MOST_STEPS)
    if first == second and seeds[0] == seeds[1]:
        raise UserError("start and end are the same: change the caption or the seed of the end")
    pictures = painter.interpolate(first, second, steps, seeds[0], seeds[1])
    titles = ["start", *(f"{round(100 * step / (steps - 1))} %" for step in range(1, steps - 1)), "end"]
    judged_by = [f"judged by: {caption}" for caption in pictures.captions] if painter.world else None
    return figures_of(pictures, painter.world, titles, judged_by)


def counted(figures: Sequence[Figure]) -> str:
    """How many of some pictures are right; an empty text where they were not judged."""
    judged = [figure.verdict.all for figure in figures if figure.verdict is not None]
    return f"{sum(judged)} of {len(judged)} pictures show exactly what the caption says." if judged else ""


def with_sampler(painter: Painter, settings: Mapping[str, Any]) -> Painter:
    """A painter that samples by other settings; the same painter where nothing differs from training.

    Raises:
        UserError: the model's prior has no such setting, or it cannot have this value.
    """
    trained = painter.model.prior.sampler
    changed = {
        name: value
        for name, value in changed_settings(settings).items()
        if trained is None or value != getattr(trained, name, None)
    }
    if not changed:
        return painter
    for name in {"steps", "restarts"} & set(changed):
        within(f"sampler's {name}", changed[name], 0, MOST_EVALUATIONS)
    model = copy.deepcopy(painter.model)
    change_sampler(model, changed)
    return Painter(model, painter.tokenizer, painter.world)


def check_captions(*captions: str) -> None:
    """Raises: UserError: a caption is not a text, or too long for the demo."""
    if not all(isinstance(caption, str) and len(caption) <= LONGEST_CAPTION for caption in captions):
        raise UserError(f"expected a caption of at most {LONGEST_CAPTION} characters")


def within(name: str, number: Any, lowest: int, highest: int) -> int:
    """A whole number within the demo's limits.

    Raises:
        UserError: it is not one; the message gives its name.
    """
    if isinstance(number, bool) or not isinstance(number, int | float) or number != number // 1:
        raise UserError(f"{name}: expected a whole number of {lowest} to {highest}")
    if not lowest <= number <= highest:
        raise UserError(f"{name} is {number:g}: expected {lowest} to {highest}")
    return int(number)
