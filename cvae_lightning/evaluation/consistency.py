"""Caption consistency: how often pictures say what their captions say, in all and by what the captions name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cvae_lightning.evaluation.proportions import Tally
from cvae_lightning.world import (
    ATOMS,
    DEFAULT,
    Detection,
    Meaning,
    Verdict,
    World,
    detect,
    verdict,
)

PARTIAL_ATOMS = tuple(atom for atom in ATOMS if atom != "all")


class JudgedImage(NamedTuple):
    """An image that was judged.

    Attributes:
        meaning: what it should show.
        things: what the detector finds in it.
        verdict: the judge's.
    """

    meaning: Meaning
    things: tuple[Detection, ...]
    verdict: Verdict


def judged(images: NDArray[np.uint8], meanings: Sequence[Meaning], world: World = DEFAULT) -> list[JudgedImage]:
    """Images (N, S, S, 3) judged by their N meanings."""
    return judged_things(detect(images, world=world), meanings, world)


def judged_things(
    detected: Sequence[Sequence[Detection]], meanings: Sequence[Meaning], world: World = DEFAULT
) -> list[JudgedImage]:
    """As :func:`judged`, for a caller that has run the detector already."""
    pairs = zip(meanings, detected, strict=True)
    return [JudgedImage(m, tuple(things), verdict(things, m, world=world)) for m, things in pairs]


def shuffled(images: Sequence[JudgedImage], world: World = DEFAULT) -> list[JudgedImage]:
    """Each image against the next one's meaning that differs from its own; without those that have none."""
    swapped = []
    for k, image in enumerate(images):
        others = (images[(k + step) % len(images)].meaning for step in range(1, len(images)))
        other = next((meaning for meaning in others if meaning != image.meaning), None)
        if other is not None:
            swapped.append(JudgedImage(other, image.things, verdict(image.things, other, world=world)))
    return swapped


class Slice(NamedTuple):
    """Something that captions differ in.

    Attributes:
        values: in the order of reports.
        of: the values that a meaning has.
        atom: the atom of the verdict that is about it.
    """

    values: tuple[str, ...]
    of: Callable[[Meaning], set[str | None]]
    atom: str


def slices(world: World = DEFAULT) -> dict[str, Slice]:
    """What captions of a world differ in, by name."""
    numbers = tuple(map(str, range(1, world.max_things + 1)))
    return {
        "form": Slice(("one", "joined", "relation"), lambda m: {m.form}, "all"),
        "groups": Slice(tuple(map(str, range(1, world.max_groups + 1))), lambda m: {str(len(m.groups))}, "all"),
        "things": Slice(numbers, lambda m: {str(sum(g.count for g in m.groups))}, "count"),
        "colour": Slice(tuple(world.colours), lambda m: {g.colour for g in m.groups}, "colour"),
        "shape": Slice(tuple(world.shapes), lambda m: {g.shape for g in m.groups}, "shape"),
        "size": Slice(tuple(world.sizes), lambda m: {g.size for g in m.groups}, "size"),
        "relation": Slice(world.relations, lambda m: set(m.links), "relation"),
    }


def tally(images: Iterable[JudgedImage], atom: str) -> Tally:
    """In how many images the atom holds, of those whose caption has it."""
    return Tally.over(image.verdict.atoms()[atom] for image in images)


def atom_shares(images: Sequence[JudgedImage]) -> dict[str, Any]:
    """The share of each atom, as plain data; atoms that no caption has are left out."""
    counted = {atom: tally(images, atom) for atom in ATOMS}
    return {atom: tallied.plain() for atom, tallied in counted.items() if tallied.of}


def by_slice(images: Sequence[JudgedImage], world: World = DEFAULT) -> dict[str, Any]:
    """``all`` and the trait's own atom among captions with each form, number of things, colour and so on."""
    table: dict[str, Any] = {}
    for name, trait in slices(world).items():
        rows = {value: [image for image in images if value in trait.of(image.meaning)] for value in trait.values}
        own = dict.fromkeys(("all", trait.atom))
        table[name] = {v: {atom: tally(some, atom).plain() for atom in own} for v, some in rows.items() if some}
    return table


def failures(images: Sequence[JudgedImage]) -> dict[str, Any]:
    """What is wrong with pictures that do not pass, as plain data.

    For each atom, in how many of them it fails, and fails alone. ``binding`` counts those in which every
    atom holds and yet the things are not the caption's: the right words on the wrong objects.
    """
    answers = [image.verdict.atoms() for image in images if not image.verdict.all]
    wrong = [[atom for atom in PARTIAL_ATOMS if atoms[atom] is False] for atoms in answers]
    return {
        "of": len(wrong),
        "fails": {atom: sum(atom in bad for bad in wrong) for atom in PARTIAL_ATOMS},
        "alone": {atom: sum(bad == [atom] for bad in wrong) for atom in PARTIAL_ATOMS},
        "binding": sum(not bad for bad in wrong),
    }
