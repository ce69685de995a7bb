"""A picture of its caption passes, and an edit fails exactly the atoms that it breaks.

What an edit breaks is computed here from the edited scene, apart from the judge's code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import astuple, replace
from functools import cache
from math import hypot

import numpy as np
import pytest

from cvae_lightning.world import DEFAULT, Meaning, Scene, Thing, render, sample
from cvae_lightning.world.judge import Verdict, judge

# Scenes for each check; thousands more are judged by `python -m cvae_lightning.judge_reliability`.
SCENES = 240

Example = tuple[Meaning, Scene]
Atoms = tuple[bool, bool, bool, bool, bool | None, bool]


@cache
def examples(count: int = SCENES, seed: int = 0) -> list[Example]:
    """Meanings of every split in turn, with a scene of each."""
    rng = np.random.default_rng(seed)
    return [sample(rng, DEFAULT.splits.names[index % len(DEFAULT.splits.names)]) for index in range(count)]


def atoms(found: Verdict) -> Atoms:
    return astuple(found)[:-1]


def truth(meaning: Meaning, scene: Scene) -> Atoms:
    """The atoms by the specification, from the things themselves."""
    wanted = sorted((g.shape, g.colour, g.size) for g in meaning.groups for _ in range(g.count))
    present = sorted((t.shape, t.colour, t.size) for t in scene.things)
    words = [sorted(w[k] for w in wanted) == sorted(p[k] for p in present) for k in range(3)]
    holds = None
    for relation in filter(None, meaning.links):
        axis = "y" if relation in ("above", "below") else "x"
        sign = 1 if relation in ("above", "left of") else -1
        first, second = (
            [sign * getattr(t, axis) for t in scene.things if t.shape == g.shape and t.colour == g.colour]
            for g in meaning.groups
        )
        holds = bool(first and second) and all(a < b for a in first for b in second)
    everything = wanted == present and holds is not False
    return (len(wanted) == len(present), words[1], words[0], words[2], holds, everything)


def fits(thing: Thing, others: list[Thing]) -> bool:
    """Whether a thing lies on the canvas and clear of others, a little more than the world asks for."""
    edge = 1.3 * thing.r + 0.01
    inside = edge <= thing.x <= 1 - edge and edge <= thing.y <= 1 - edge
    return inside and all(hypot(thing.x - o.x, thing.y - o.y) >= 1.4 * (thing.r + o.r) + 0.01 for o in others)


def somewhere(thing: Thing, others: list[Thing], rng: np.random.Generator) -> Thing | None:
    """The thing at another place that is free."""
    for x, y in rng.random((200, 2)).tolist():
        moved = replace(thing, x=x, y=y)
        if fits(moved, others):
            return moved
    return None


def other(words: tuple[str, ...] | dict, word: str, rng: np.random.Generator) -> str:
    return str(rng.choice([w for w in words if w != word]))


def recolour(thing, others, rng):
    return replace(thing, colour=other(DEFAULT.colours, thing.colour, rng))


def reshape(thing, others, rng):
    return somewhere(replace(thing, shape=other(tuple(DEFAULT.shapes), thing.shape, rng)), others, rng)


def resize(thing, others, rng):
    size = other(DEFAULT.sizes, thing.size, rng)
    return somewhere(replace(thing, size=size, r=DEFAULT.sizes[size] * rng.uniform(0.93, 1.07)), others, rng)


EDITS: dict[str, Callable] = {"recolour": recolour, "reshape": reshape, "resize": resize}


def edited(edit: str, meaning: Meaning, scene: Scene, rng: np.random.Generator) -> Scene | None:
    """The scene after one edit, or None where there is no room for it."""
    k = int(rng.integers(len(scene.things)))
    thing, others = scene.things[k], [*scene.things[:k], *scene.things[k + 1 :]]
    if edit == "remove":
        return Scene(tuple(others))
    if edit == "add":
        more = somewhere(replace(thing, colour=str(rng.choice(list(DEFAULT.colours)))), list(scene.things), rng)
        return more and Scene((*scene.things, more))
    if edit == "mirror":
        return Scene(tuple(replace(thing, x=1 - thing.x) for thing in scene.things))
    if edit == "move":
        places = (somewhere(thing, others, rng) for _ in range(20))
        moved = [Scene((*others, place)) for place in places if place]
        return next((scene for scene in moved if truth(meaning, scene)[4] is False), None)
    changed = EDITS[edit](thing, others, rng)
    return changed and Scene((*others, changed))


@pytest.mark.parametrize(("size", "count"), [(64, SCENES), (128, 96), (256, 48)])
def test_a_picture_of_its_caption_passes(size, count):
    chosen = examples()[:count]
    for found, (meaning, scene) in zip(judged(chosen, size), chosen, strict=True):
        assert atoms(found) == truth(meaning, scene)
        assert found.all
        assert found.reason.endswith("as expected")


def judged(chosen: list[Example], size: int = 64) -> list[Verdict]:
    return judge(render([scene for _, scene in chosen], size), [meaning for meaning, _ in chosen])


@pytest.mark.parametrize("edit", ["recolour", "reshape", "resize", "remove", "add", "move", "mirror"])
def test_an_edit_fails_exactly_what_it_breaks(edit):
    rng = np.random.default_rng(7)
    changed = [(meaning, edited(edit, meaning, scene, rng)) for meaning, scene in examples()]
    chosen = [(meaning, scene) for meaning, scene in changed if scene is not None]
    expected = [truth(*example) for example in chosen]
    assert sum(not everything for *_, everything in expected) > SCENES / 6
    assert [atoms(found) for found in judged(chosen)] == expected


@pytest.mark.parametrize("edit", ["recolour", "reshape", "resize", "remove", "add"])
def test_an_edit_other_than_of_places_never_passes(edit):
    rng = np.random.default_rng(8)
    changed = [(meaning, edited(edit, meaning, scene, rng)) for meaning, scene in examples()]
    assert not any(found.all for found in judged([(m, s) for m, s in changed if s is not None]))


def test_a_mirrored_image_breaks_left_and_right_only():
    chosen = [example for example in examples() if any(example[0].links)]
    images = render([scene for _, scene in chosen], 64)[:, :, ::-1]
    for found, (meaning, _) in zip(judge(images, [meaning for meaning, _ in chosen]), chosen, strict=True):
        kept = meaning.links[0] in ("above", "below")
        assert atoms(found) == (True, True, True, True, kept, kept)


def test_another_caption_has_the_atoms_that_it_shares():
    chosen = examples()
    swapped = [(chosen[k - 1][0], scene) for k, (_, scene) in enumerate(chosen)]
    assert [atoms(found) for found in judged(swapped)] == [truth(*example) for example in swapped]


def test_the_opposite_relation_fails_alone():
    opposite = {"above": "below", "below": "above", "left of": "right of", "right of": "left of"}
    chosen = [(replace(m, links=(opposite[m.links[0]],)), scene) for m, scene in examples() if any(m.links)]
    for found in judged(chosen):
        assert atoms(found) == (True, True, True, True, False, False)
        assert re.match("saw .*, but not ", found.reason)


def test_the_order_of_drawing_does_not_matter():
    turned = [(meaning, Scene(scene.things[::-1])) for meaning, scene in examples()[:96]]
    assert judged(turned) == judged(examples()[:96])


def test_moving_everything_does_not_matter():
    rng = np.random.default_rng(3)
    for meaning, scene in examples()[:96]:
        room = [[1.3 * t.r + 0.01 for t in scene.things]] * 2
        low = [
            max(b - getattr(t, a) for t, b in zip(scene.things, r, strict=True))
            for a, r in zip("xy", room, strict=True)
        ]
        high = [
            min(1 - b - getattr(t, a) for t, b in zip(scene.things, r, strict=True))
            for a, r in zip("xy", room, strict=True)
        ]
        dx, dy = rng.uniform(low, high)
        moved = Scene(tuple(replace(t, x=t.x + dx, y=t.y + dy) for t in scene.things))
        assert judged([(meaning, moved)]) == judged([(meaning, scene)])


def test_a_batch_gives_the_verdict_of_each_image_alone():
    chosen = examples()[:48]
    rng = np.random.default_rng(4)
    images = render([scene for _, scene in chosen], 64).astype(float)
    images = np.clip(images + rng.normal(0, 20, images.shape), 0, 255).astype(np.uint8)
    meanings = [meaning for meaning, _ in chosen]
    alone = [judge(images[k : k + 1], meanings[k : k + 1])[0] for k in range(len(chosen))]
    assert judge(images, meanings) == alone
    assert len({found.all for found in alone}) == 2


def nonsense(size: int) -> np.ndarray:
    """Empty and flat canvases, uniform noise, ramps and stripes."""
    rng = np.random.default_rng(0)
    ramp = np.broadcast_to(np.linspace(0, 255, size)[:, None], (size, size, 3))
    stripes = np.broadcast_to(np.where(np.arange(size) % 8 < 4, 250, 25)[:, None], (size, size, 3))
    flat = [np.full((size, size, 3), colour) for colour in (*DEFAULT.colours.values(), 0, 128, 250, 255)]
    noise = list(rng.integers(0, 256, (6, size, size, 3)))
    return np.stack([*flat, *noise, ramp, ramp[::-1].swapaxes(0, 1), stripes]).astype(np.uint8)


@pytest.mark.parametrize("size", [32, 64, 128])
def test_nonsense_passes_for_no_caption(size):
    images = nonsense(size)
    for k in range(12):
        meanings = [examples()[(k + step) % SCENES][0] for step in range(0, 7 * len(images), 7)]
        assert not any(found.all or found.size for found in judge(images, meanings))


def test_things_drawn_over_each_other_do_not_pass():
    """Every thing of a scene but the first is moved onto the first, so that their middles overlap."""
    rng = np.random.default_rng(5)
    chosen = []
    for meaning, scene in examples():
        first, *rest = scene.things
        angles = rng.uniform(0, 2 * np.pi, len(rest))
        near = [
            replace(t, x=first.x + 0.4 * (first.r + t.r) * np.cos(a), y=first.y + 0.4 * (first.r + t.r) * np.sin(a))
            for t, a in zip(rest, angles, strict=True)
        ]
        if rest and all(0 < t.x < 1 and 0 < t.y < 1 for t in near):
            chosen.append((meaning, scene, Scene((first, *near))))
    assert len(chosen) > SCENES / 3
    # The renderer adds where things overlap; the darkest of each thing drawn alone is a proper union.
    alone = [np.min(render([Scene((t,)) for t in scene.things], 64), axis=0) for *_, scene in chosen]
    verdicts = judge(np.stack(alone), [meaning for meaning, *_ in chosen])
    assert not any(found.all or found.count for found in verdicts)


@pytest.mark.parametrize("opacity", [0.2, 0.4, 0.5, 0.6, 0.7])
def test_one_thing_half_faded_does_not_pass(opacity):
    chosen = examples()[:120]
    whole = render([scene for _, scene in chosen], 64).astype(float)
    without = render([Scene(scene.things[1:]) for _, scene in chosen], 64)
    images = np.round(opacity * whole + (1 - opacity) * without).astype(np.uint8)
    assert not any(found.all for found in judge(images, [meaning for meaning, _ in chosen]))


def test_as_many_images_as_meanings():
    with pytest.raises(ValueError, match="2 images and 1 meanings"):
        judge(np.zeros((2, 64, 64, 3), np.uint8), [examples()[0][0]])
