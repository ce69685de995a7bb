"""A world as a value: what exists, where it may lie, how it is said, and what training never sees."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import Field, dataclass, field, fields
from itertools import pairwise
from typing import Any

from cvae_lightning.spelling import check_known, listed
from cvae_lightning.world.frozen import FrozenMapping
from cvae_lightning.world.language import JOINED, MAX_COUNT, Language
from cvae_lightning.world.mix import Mix
from cvae_lightning.world.outlines import Outline, outline, reach
from cvae_lightning.world.plain import mapping, number, sequence, truth, whole, word
from cvae_lightning.world.scene import RELATIONS
from cvae_lightning.world.spacing import Spacing
from cvae_lightning.world.splits import Splits

RGB = tuple[int, int, int]
MAX_GROUPS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """Everything that captions, scenes, pixels and verdicts depend on, besides a seed.

    Orders count: scenes are drawn by the order of colours, shapes, sizes and relations.
    Plain lists and mappings are accepted for every field, and are kept as tuples and mappings that never change.

    Attributes:
        name: of the world; published names never change their meaning.
        background: RGB of the canvas.
        colours: RGB of each colour.
        shapes: the outline of each shape in units of a thing's radius; see ``outlines``.
        sizes: the nominal radius of each size as a fraction of the canvas side, in increasing order.
        max_counts: the largest count of a group of each size.
        radius_range: a thing's radius is its nominal radius times a number drawn uniformly from this range.
        spacing: how far things keep from each other and from the border.
        relations: some of ``above``, ``below``, ``left of`` and ``right of``.
        max_groups: the most groups of one caption.
        more_groups: how often a caption of two groups gets a third, and one of three a fourth, up to ``max_groups``.
        mix: how often each form of meaning is drawn.
        language: the words for all this.
        splits: what training never sees.
        strict: whether the judge compares pictures with a drawing of what it detected, so that pale, small, cut-off
            or two-coloured extras do not pass; version 1 did not.

    Raises:
        ValueError: a field is out of range, or two fields do not fit each other; the message names them.

    >>> from cvae_lightning.world import DEFAULT
    >>> DEFAULT.colours["red"], DEFAULT.max_counts["large"], "test" in DEFAULT.splits.names
    ((220, 40, 40), 2, True)
    """

    name: str
    background: RGB
    colours: Mapping[str, RGB]
    shapes: Mapping[str, Outline]
    sizes: Mapping[str, float]
    max_counts: Mapping[str, int]
    radius_range: tuple[float, float]
    spacing: Spacing
    relations: tuple[str, ...]
    max_groups: int = 2
    more_groups: float = 0.0
    mix: Mix = field(default_factory=Mix)
    language: Language
    splits: Splits = field(default_factory=Splits)
    strict: bool = True
    _key: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        put("name", word("name", self.name))
        put("background", _rgb("background", self.background))
        put("colours", _read("colours", self.colours, _rgb))
        put("shapes", _read("shapes", self.shapes, outline))
        put("sizes", _read("sizes", self.sizes, lambda what, value: number(what, value, 0.02, 0.4)))
        put("max_counts", _read("max_counts", self.max_counts, lambda what, value: whole(what, value, 1, MAX_COUNT)))
        low, high = (number("radius_range", end, 0.5, 2) for end in sequence("radius_range", self.radius_range, 2))
        put("radius_range", (low, high))
        put("relations", tuple(word("relations", relation) for relation in sequence("relations", self.relations)))
        put("max_groups", whole("max_groups", self.max_groups, 1, MAX_GROUPS))
        put("more_groups", number("more_groups", self.more_groups, 0, 1))
        put("strict", truth("strict", self.strict))
        self._check_parts()
        self._check_language()
        put("_key", repr([getattr(self, item.name) for item in inputs_of(World)]))

    def __eq__(self, other: object) -> bool:
        # All fields as one text: quick, as what is computed once for a world is found by it for every scene.
        return self._key == other._key if isinstance(other, World) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key)

    def max_count(self, size: str | None) -> int:
        """The largest count of one group of that size; of any size for None."""
        return max(self.max_counts.values()) if size is None else self.max_counts[size]

    @property
    def max_things(self) -> int:
        """The largest number of things of one caption, as far as its groups allow: one slot of a model for each."""
        return self.max_groups * self.max_count(None)

    def _check_parts(self) -> None:
        """Whether the geometry and the splits name only what the world has."""
        if any(small >= large for small, large in pairwise(self.sizes.values())):
            raise ValueError(f"sizes are {dict(self.sizes)}: expected radii in increasing order")
        _same("max_counts", self.max_counts, "sizes", self.sizes)
        for relation in self.relations:
            check_known("a relation", relation, RELATIONS)
        for shape in self.spacing.shapes:
            check_known("a shape of spacing.shapes", shape, self.shapes)
        for shape, corners in self.shapes.items():
            if max(map(max, reach(corners))) > self.spacing.border:
                raise ValueError(
                    f"shape {shape!r} reaches {max(map(max, reach(corners)))} radii from its centre: expected at most "
                    f"spacing.border, {self.spacing.border}, so that the border never cuts it off"
                )
        if self.splits.diagonals >= len(self.shapes):
            raise ValueError(
                f"splits.diagonals is {self.splits.diagonals}: expected fewer than the {len(self.shapes)} shapes"
            )
        for colour, shape in self.splits.novel_pair:
            check_known("a colour of splits.novel_pair", colour, self.colours)
            check_known("a shape of splits.novel_pair", shape, self.shapes)
        for _, shape in self.splits.novel_count:
            check_known("a shape of splits.novel_count", shape, self.shapes)
        for first, relation, second in self.splits.novel_relation:
            check_known("a relation of splits.novel_relation", relation, self.relations)
            for shape in (first, second):
                check_known("a shape of splits.novel_relation", shape, self.shapes)
        for groups in self.splits.novel_groups:
            if groups > self.max_groups or not 0 < self.more_groups < 1:
                raise ValueError(
                    f"splits.novel_groups has {groups}, max_groups is {self.max_groups} and more_groups is "
                    f"{self.more_groups}: expected a number of groups that some captions have and others do not"
                )

    def _check_language(self) -> None:
        """Whether there is a word for everything."""
        for part in ("sizes", "colours", "shapes"):
            _same(f"language.{part}", getattr(self.language, part), part, getattr(self, part))
        _same("language.links", self.language.links, "relations", (JOINED, *self.relations))
        _same("language.counts", self.language.counts, "max_counts", range(1, self.max_count(None) + 1))


def inputs_of(record: Any) -> list[Field[Any]]:
    """The fields that a record is made from."""
    return [item for item in fields(record) if item.init]


def _read(what: str, value: object, reader: Any) -> FrozenMapping[str, Any]:
    """A mapping of one or more words, each item read by a function of its name and value."""
    items = mapping(what, value)
    if not items:
        raise ValueError(f"{what} is empty: expected one or more")
    return FrozenMapping({word(f"a key of {what}", key): reader(f"{what}.{key}", item) for key, item in items.items()})


def _rgb(what: str, value: object) -> RGB:
    red, green, blue = (whole(what, channel, 0, 255) for channel in sequence(what, value, 3))
    return red, green, blue


def _same(what: str, found: Collection[Any], other: str, expected: Collection[Any]) -> None:
    """Refuse a table whose keys are not those of another."""
    missing = [key for key in expected if key not in found]
    if missing:
        raise ValueError(f"{what} has nothing for {missing[0]!r}: expected one for each of {other}")
    further = [key for key in found if key not in expected]
    if further and other != "max_counts":
        raise ValueError(f"{what} has {further[0]!r}, which is not among {other}: {listed(map(str, expected), 'and')}")
