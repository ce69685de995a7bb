"""Caption consistency: how often pictures say what their captions say, in all and by what the captions name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.evaluation.proportions import Tally
from cvae_lightning.world import COLOURS, RELATIONS, SHAPES, SIZES, Detection, Meaning, Verdict, detect, verdict

ATOMS = ("count", "colour", "shape", "size", "relation", "all")


class Case(NamedTuple):
    """A picture before the judge: what it should say, what is seen in it and how it was found."""

    meaning: Meaning
    things: tuple[Detection, ...]
    verdict: Verdict


def judged(images: NDArray[np.uint8], meanings: Sequence[Meaning]) -> list[Case]:
    """The cases of images (N, S, S, 3) and their N meanings."""
    return [Case(m, things, verdict(things, m)) for m, things in zip(meanings, detect(images), strict=True)]


def shuffled(cases: Sequence[Case]) -> list[Case]:
    """Each picture against the next case's meaning that differs from its own; without those that have none."""
    swapped = []
    for k, case in enumerate(cases):
        others = (cases[(k + step) % len(cases)].meaning for step in range(1, len(cases)))
        other = next((meaning for meaning in others if meaning != case.meaning), None)
        if other is not None:
            swapped.append(Case(other, case.things, verdict(case.things, other)))
    return swapped


def form(meaning: Meaning) -> str:
    """``one`` group, two ``joined``, or two in ``relation``."""
    if len(meaning.groups) == 1:
        return "one"
    return "joined" if meaning.relation is None else "relation"


class Slice(NamedTuple):
    """Something that captions differ in.

    Attributes:
        values: in the order of reports.
        of: the values that a meaning has.
        atom: the atom that is about it.
    """

    values: tuple[str, ...]
    of: Callable[[Meaning], set[str | None]]
    atom: str


SLICES = {
    "form": Slice(("one", "joined", "relation"), lambda m: {form(m)}, "all"),
    "things": Slice(tuple(map(str, range(1, 11))), lambda m: {str(sum(g.count for g in m.groups))}, "count"),
    "colour": Slice(tuple(COLOURS), lambda m: {g.colour for g in m.groups}, "colour"),
    "shape": Slice(SHAPES, lambda m: {g.shape for g in m.groups}, "shape"),
    "size": Slice(tuple(SIZES), lambda m: {g.size for g in m.groups}, "size"),
    "relation": Slice(RELATIONS, lambda m: {m.relation}, "relation"),
}


def tally(cases: Iterable[Case], atom: str) -> Tally:
    """In how many cases the atom holds, of those whose caption has it."""
    return Tally.over(getattr(case.verdict, atom) for case in cases)


def atoms(cases: Sequence[Case]) -> dict[str, Any]:
    """The share of each atom, as plain data; atoms that no caption has are left out."""
    counted = {atom: tally(cases, atom) for atom in ATOMS}
    return {atom: one.plain() for atom, one in counted.items() if one.of}


def by_slice(cases: Sequence[Case]) -> dict[str, Any]:
    """``all`` and the trait's own atom among captions with each form, number of things, colour and so on."""
    table: dict[str, Any] = {}
    for name, trait in SLICES.items():
        rows = {value: [case for case in cases if value in trait.of(case.meaning)] for value in trait.values}
        own = dict.fromkeys(("all", trait.atom))
        table[name] = {v: {atom: tally(some, atom).plain() for atom in own} for v, some in rows.items() if some}
    return table


def failures(cases: Sequence[Case]) -> dict[str, Any]:
    """What is wrong with pictures that do not pass, as plain data.

    For each atom, in how many of them it fails, and fails alone. ``binding`` counts those in which every
    atom holds and yet the things are not the caption's: the right words on the wrong things.
    """
    wrong = [[a for a in ATOMS[:-1] if getattr(c.verdict, a) is False] for c in cases if not c.verdict.all]
    return {
        "of": len(wrong),
        "fails": {atom: sum(atom in bad for bad in wrong) for atom in ATOMS[:-1]},
        "alone": {atom: sum(bad == [atom] for bad in wrong) for atom in ATOMS[:-1]},
        "binding": sum(not bad for bad in wrong),
    }
