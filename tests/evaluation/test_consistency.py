"""Shares by what captions name, shuffled captions and what is wrong with wrong pictures."""

from dataclasses import replace

import numpy as np

from cvae_lightning.evaluation.consistency import JudgedImage, atom_shares, by_slice, failures, shuffled
from cvae_lightning.world import ATOMS, Detection, parse, sample, verdict


def things_of(scene):
    return tuple(Detection(t.shape, t.colour, t.size, t.x, t.y, t.r, 1.0) for t in scene.things)


def cases(count=200, split="test", seed=0):
    """True scenes; in every second one the first thing is gone."""
    rng = np.random.default_rng(seed)
    made = []
    for k in range(count):
        meaning, scene = sample(rng, split)
        things = things_of(scene)[k % 2 :]
        made.append(JudgedImage(meaning, things, verdict(things, meaning)))
    return made


def test_shares_are_those_of_the_verdicts() -> None:
    found = atom_shares(cases())
    assert list(found) == list(ATOMS)
    assert found["all"]["share"] == found["count"]["share"] == 0.5
    assert found["relation"]["of"] == sum(any(case.meaning.links) for case in cases())


def test_traits_divide_the_captions() -> None:
    table = by_slice(cases())
    for trait in ("form", "things"):
        assert sum(row["all"]["of"] for row in table[trait].values()) == 200
        assert sum(row["all"]["passed"] for row in table[trait].values()) == 100
    red = [case for case in cases() if "red" in {g.colour for g in case.meaning.groups}]
    assert table["colour"]["red"]["all"]["of"] == table["colour"]["red"]["colour"]["of"] == len(red)
    assert sum(row["relation"]["of"] for row in table["relation"].values()) == atom_shares(cases())["relation"]["of"]
    assert "joined" not in by_slice(cases(50, "novel_relation"))["form"]


def test_shuffled_pictures_meet_another_meaning() -> None:
    first = cases(40)
    for case, other in zip(first, shuffled(first), strict=True):
        assert other.things == case.things
        assert other.meaning != case.meaning
    assert shuffled([first[0]] * 3) == []


def test_what_is_wrong_is_counted_by_atom() -> None:
    meaning = parse("a small red star and a small blue circle")
    star = Detection("star", "red", "small", 0.2, 0.2, 0.1, 1)
    circle = Detection("circle", "blue", "small", 0.8, 0.8, 0.1, 1)
    pictures = {
        "right": (star, circle),
        "colour": (replace(star, colour="green"), circle),
        "bound wrongly": (replace(star, colour="blue"), replace(circle, colour="red")),
        "empty": (),
    }
    found = failures([JudgedImage(meaning, things, verdict(things, meaning)) for things in pictures.values()])
    assert found["of"] == 3
    assert found["binding"] == 1
    assert found["fails"] == {"count": 1, "colour": 2, "shape": 1, "size": 1, "relation": 0}
    assert found["alone"] == {"count": 0, "colour": 1, "shape": 0, "size": 0, "relation": 0}
