"""The proof of every world that comes with the package: the judge is right about its pictures, edited ones too."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from math import hypot

import numpy as np
import pytest

from cvae_lightning.world import (
    Meaning,
    Scene,
    Thing,
    World,
    captioned_scene,
    describe,
    from_plain,
    judge,
    parse,
    render,
    to_plain,
    word_tables,
    world_named,
)
from cvae_lightning.world.named import FOLDER

NAMES = sorted(file.stem for file in FOLDER.glob("*.yaml"))
SLOW = pytest.mark.slow
EDITS = ("recolour", "reshape", "resize", "remove", "add")


@pytest.fixture(params=NAMES)
def world(request: pytest.FixtureRequest) -> World:
    return world_named(request.param)


def test_a_world_is_a_value(world):
    assert world.name in NAMES
    plain = json.loads(json.dumps(to_plain(world)))
    for copy in (from_plain(plain), pickle.loads(pickle.dumps(world))):
        assert copy == world
        assert hash(copy) == hash(world)
    assert replace(world, background=(0, 0, 0)) != world


def test_captions_are_read_as_they_are_described(world):
    for split in world.splits.names:
        for index in range(40):
            meaning, scene, caption = captioned_scene(0, split, index, world=world)
            assert meaning.holds(scene)
            assert parse(caption, world=world) == parse(describe(meaning, world=world), world=world) == meaning
            assert set(caption.lower().split()) <= set(word_tables(world).vocabulary)
    for example in world.language.examples:
        parse(example, world=world)


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=SLOW)])
def test_real_pictures_pass(world, count):
    names = world.splits.names
    examples = [captioned_scene(1, names[index % len(names)], index, world=world) for index in range(count)]
    images = render([scene for _, scene, _ in examples], 64, world=world)
    verdicts = judge(images, [meaning for meaning, _, _ in examples], world=world)
    assert [found.reason for found in verdicts if not found.all] == []


def clear(thing: Thing, others: list[Thing], world: World) -> bool:
    """Whether a thing keeps the world's distances."""
    spacing = world.spacing
    edge = spacing.from_border(thing.r)
    inside = edge <= thing.x <= 1 - edge and edge <= thing.y <= 1 - edge
    return inside and all(
        hypot(thing.x - o.x, thing.y - o.y)
        >= spacing.between(thing.r, spacing.wider(thing.shape), o.r, spacing.wider(o.shape))
        for o in others
    )


def edited(edit: str, scene: Scene, world: World, rng: np.random.Generator) -> Scene | None:
    """The scene with one thing changed, removed or added; None where there is no room."""
    things = list(scene.things)
    which = int(rng.integers(len(things)))
    thing = things.pop(which)

    def other(known: list[str], word: str) -> str:
        return str(rng.choice([one for one in known if one != word]))

    if edit == "remove":
        return Scene(tuple(things))
    if edit == "recolour":
        new = replace(thing, colour=other(list(world.colours), thing.colour))
    elif edit == "reshape":
        new = replace(thing, shape=other(list(world.shapes), thing.shape))
    elif edit == "resize":
        size = other(list(world.sizes), thing.size)
        new = replace(thing, size=size, r=world.sizes[size])
    else:
        things.append(thing)
        size = next(iter(world.sizes))
        kind = str(rng.choice(list(world.shapes))), str(rng.choice(list(world.colours)))
        places = [Thing(*kind, size, *rng.random(2).tolist(), world.sizes[size]) for _ in range(300)]
        new = next((place for place in places if clear(place, things, world)), thing)
    if not clear(new, things, world):
        return None
    things.insert(which, new)
    return Scene(tuple(things))


def truth(meaning: Meaning, scene: Scene) -> dict[str, bool | None]:
    """The atoms by the specification, from the things themselves."""
    wanted = sorted((g.shape, g.colour, g.size) for g in meaning.groups for _ in range(g.count))
    present = sorted((t.shape, t.colour, t.size) for t in scene.things)
    shape, colour, size = (sorted(w[k] for w in wanted) == sorted(p[k] for p in present) for k in range(3))
    relation = meaning.relations_hold(meaning.named(scene.things)) if any(meaning.links) else None
    return {
        "count": len(wanted) == len(present),
        "colour": colour,
        "shape": shape,
        "size": size,
        "relation": relation,
        "all": wanted == present and relation is not False,
    }


@pytest.mark.parametrize("count", [30, pytest.param(120, marks=SLOW)])
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_fails_exactly_its_atoms(world, edit, count):
    rng = np.random.default_rng(0)
    if edit == "resize" and len(world.sizes) == 1:
        return
    changed = []
    for index in range(count):
        meaning, scene, _ = captioned_scene(2, "train", index, world=world)
        new = edited(edit, scene, world, rng)
        if new is not None:
            changed.append((meaning, new))
    assert len(changed) > count / 3
    images = render([scene for _, scene in changed], 64, world=world)
    verdicts = judge(images, [meaning for meaning, _ in changed], world=world)
    for found, (meaning, scene) in zip(verdicts, changed, strict=True):
        assert found.atoms() == truth(meaning, scene), found.reason
        assert not found.all
