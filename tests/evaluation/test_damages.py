"""Damaged pictures fail the strict judge from the bar of the specification on, and damages have the size they say."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from cvae_lightning.evaluation.alterations import ALTERATIONS
from cvae_lightning.evaluation.damage_tools import Example, contact_distance
from cvae_lightning.evaluation.damages import DAMAGES, damaged
from cvae_lightning.evaluation.judge_reliability import examples
from cvae_lightning.world import DEFAULT, Thing, judge

SIDE = 64
# Share of pictures that pass at the bar; experiments/judge has it for more pictures and sides.
MOST = {"two_colours": 0.05, "cut_by_strip": 0.35, "split_by_strip": 0.05}


@cache
def scenes() -> list[Example]:
    return [Example(meaning, scene, SIDE, DEFAULT) for meaning, scene in examples(40, 1, DEFAULT)]


@pytest.mark.parametrize("name", [name for name, damage in DAMAGES.items() if damage.bar is not None])
def test_a_damage_at_its_bar_fails(name: str) -> None:
    damage = DAMAGES[name]
    pictures = list(damaged(damage, scenes(), damage.bar, seed=0))
    assert len(pictures) > 25
    verdicts = judge(np.stack([image for image, _ in pictures]), [meaning for _, meaning in pictures], world=DEFAULT)
    assert np.mean([verdict.all for verdict in verdicts]) <= MOST.get(name, 0)


@pytest.mark.parametrize("name", [name for name, kind in ALTERATIONS.items() if kind.bar is not None])
def test_an_alteration_up_to_its_bar_passes(name: str) -> None:
    kind = ALTERATIONS[name]
    images = np.stack([example.drawn() for example in scenes()])
    verdicts = judge(kind.alter(images, kind.bar), [example.meaning for example in scenes()], world=DEFAULT)
    assert all(verdict.all for verdict in verdicts)


def test_a_damage_is_a_function_of_the_seed() -> None:
    first, second, other = (next(iter(damaged(DAMAGES["two_colours"], scenes(), 0.2, seed)))[0] for seed in (0, 0, 1))
    assert (first == second).all()
    assert (first != other).any()


def test_two_colours_share_the_area_as_they_say() -> None:
    example = scenes()[0]
    (thing,) = (t for t in example.scene.things[:1])
    alone = Example(example.meaning, type(example.scene)((thing,)), SIDE, DEFAULT)
    area = alone.coverage(thing).sum()
    for amount in (0.1, 0.4):
        image = DAMAGES["two_colours"].draw(alone, amount, np.random.default_rng(0))
        changed = np.abs(image.astype(float) - alone.drawn()).max(axis=-1)
        assert changed.sum() / changed.max() == pytest.approx(amount * area, abs=3)  # the line lies on whole pixels


def test_outlines_touch_where_geometry_says() -> None:
    square, diamond = Thing("square", "red", "small", 0.3, 0.5, 0.08), Thing("diamond", "red", "small", 0.6, 0.5, 0.1)
    assert contact_distance(square, diamond, DEFAULT) == pytest.approx(0.886 * 0.08 + 0.95 * 0.1, abs=0.003)
