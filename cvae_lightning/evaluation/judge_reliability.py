"""How far the judge can be trusted: right pictures that it fails, and wrong ones that it passes.

``python -m cvae_lightning.judge_reliability output=FOLDER`` writes ``metrics.json`` and two pictures of the curves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.evaluation.alterations import ALTERATIONS
from cvae_lightning.evaluation.damage_tools import Example
from cvae_lightning.evaluation.damages import DAMAGES, damaged
from cvae_lightning.world import ATOMS, Meaning, Scene, Verdict, World, judge, render, sample, scene_rng

SIDES = (32, 40, 48, 64, 96, 128, 192, 256)
"""Sides in pixels of clean pictures."""
DAMAGED_SIDES = (64, 128, 256)
"""Sides of altered and of damaged ones."""

Pair = tuple[Meaning, Scene]


def agreement(verdicts: Sequence[Verdict]) -> dict[str, float]:
    """The share of verdicts in which each atom holds; that of the relation among those that have one."""
    answers = [verdict.atoms() for verdict in verdicts]
    held = {atom: [atoms[atom] for atoms in answers if atoms[atom] is not None] for atom in ATOMS}
    return {atom: sum(map(bool, values)) / len(values) for atom, values in held.items() if values}


def measure(count: int, damaged_count: int, seed: int, world: World, advance: Callable[[int], None]) -> dict[str, Any]:
    """Agreement on true captions, over all splits in turn, and how many altered and damaged pictures pass.

    Args:
        count: scenes for each side of clean pictures.
        damaged_count: scenes for each side and each amount of an alteration or damage.
        seed: of the scenes.
        world: of the scenes.
        advance: called with 1 after each alteration and each damage, :func:`steps` times in all.

    Returns:
        plain data: ``clean`` by side; ``right`` and ``wrong`` by name, side and amount, with ``passed`` of ``of``
        pictures, and ``lenient``, the number that pass where the judge compares nothing.
    """
    pairs = examples(max(count, damaged_count), seed, world)
    metrics: dict[str, Any] = {"world": world.name, "scenes": count, "damaged_scenes": damaged_count, "seed": seed}
    _passed(render([pairs[0][1]], 64, world=world), [pairs[0][0]], world)  # what it computes once is not its speed
    metrics["clean"] = {str(side): _clean(pairs[:count], side, world) for side in SIDES}
    metrics |= {"right": {}, "wrong": {}}
    for name in ALTERATIONS:
        metrics["right"][name] = {str(side): _right(name, pairs[:damaged_count], side, world) for side in DAMAGED_SIDES}
        advance(1)
    for name in DAMAGES:
        metrics["wrong"][name] = {str(side): _wrong(name, pairs[:damaged_count], side, world) for side in DAMAGED_SIDES}
        advance(1)
    return metrics


def steps() -> int:
    """How often :func:`measure` advances."""
    return len(ALTERATIONS) + len(DAMAGES)


def examples(count: int, seed: int, world: World) -> list[Pair]:
    """Meanings of all splits in turn, with a scene of each."""
    names = world.splits.names
    splits = [names[index % len(names)] for index in range(count)]
    return [
        sample(scene_rng(seed, split, index, world=world), split, world=world) for index, split in enumerate(splits)
    ]


def _clean(pairs: Sequence[Pair], side: int, world: World) -> dict[str, float]:
    """Agreement and speed on clean pictures, a few hundred at a time to keep the memory small."""
    verdicts: list[Verdict] = []
    seconds = 0.0
    for start in range(0, len(pairs), 256):
        lot = pairs[start : start + 256]
        images = render([scene for _, scene in lot], side, world=world)
        begin = time.process_time()
        verdicts += judge(images, [meaning for meaning, _ in lot], world=world)
        seconds += time.process_time() - begin
    failed = sum(not verdict.all for verdict in verdicts)
    return agreement(verdicts) | {"failed": failed, "images_per_cpu_second": round(len(pairs) / seconds)}


def _right(name: str, pairs: Sequence[Pair], side: int, world: World) -> dict[str, Any]:
    alteration = ALTERATIONS[name]
    images = render([scene for _, scene in pairs], side, world=world)
    meanings = [meaning for meaning, _ in pairs]
    return {str(amount): _passed(alteration.alter(images, amount), meanings, world) for amount in alteration.amounts}


def _wrong(name: str, pairs: Sequence[Pair], side: int, world: World) -> dict[str, Any]:
    damage = DAMAGES[name]
    scenes = [Example(meaning, scene, side, world) for meaning, scene in pairs]
    rows = {}
    for amount in damage.amounts:
        pictures = list(damaged(damage, scenes, amount, seed=0))
        images = np.stack([image for image, _ in pictures]) if pictures else np.empty((0, side, side, 3), np.uint8)
        rows[str(amount)] = _passed(images, [meaning for _, meaning in pictures], world)
    return rows


def _passed(images: NDArray[np.uint8], meanings: Sequence[Meaning], world: World) -> dict[str, int]:
    """How many pictures pass, also where nothing is compared."""
    strict, lenient = (
        sum(verdict.all for verdict in judge(images, meanings, world=replace(world, strict=compared)))
        for compared in (world.strict, False)
    )
    return {"passed": strict, "lenient": lenient, "of": len(images)}
