"""How far things keep from each other and from the border."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cvae_lightning.world.frozen import FrozenMapping
from cvae_lightning.world.plain import mapping, number


@dataclass(frozen=True, slots=True, kw_only=True)
class Spacing:
    """Least distances of a centre; radii and distances are fractions of the canvas side.

    Attributes:
        border: a centre keeps ``border * r + margin`` from the border.
        things: two centres keep ``things * (r1 + r2) + margin`` from each other.
        shapes: shapes whose own share of that distance is another: ``{"triangle": 1.45}`` is 1.45 r.
        margin: added to each distance.

    Raises:
        ValueError: a field is out of range; the message names it.

    >>> Spacing(things=0.5)
    Traceback (most recent call last):
    ValueError: spacing.things is 0.5: expected a number from 1 to 3
    """

    border: float = 1.3
    things: float = 1.28
    shapes: Mapping[str, float] = field(default_factory=dict)
    margin: float = 0.01

    def __post_init__(self) -> None:
        for name in ("border", "things"):
            object.__setattr__(self, name, number(f"spacing.{name}", getattr(self, name), 1, 3))
        object.__setattr__(self, "margin", number("spacing.margin", self.margin, 0, 0.2))
        shares = {
            shape: number(f"spacing.shapes.{shape}", share, 1, 3)
            for shape, share in mapping("spacing.shapes", self.shapes).items()
        }
        object.__setattr__(self, "shapes", FrozenMapping(shares))

    def from_border(self, r: float) -> float:
        """The least distance of a centre from the border.

        >>> round(Spacing().from_border(0.1), 3)
        0.14
        """
        return self.border * r + self.margin

    def between(self, r1: float, wider1: float, r2: float, wider2: float) -> float:
        """The least distance between the centres of two things.

        Args:
            r1, r2: their radii.
            wider1, wider2: how much wider the share of each one's shape is, by :meth:`wider`.

        >>> round(Spacing().between(0.1, 0.0, 0.1, 0.0), 3)
        0.266
        """
        return self.things * (r1 + r2) + wider1 * r1 + wider2 * r2 + self.margin

    def wider(self, shape: str) -> float:
        """How much wider than ``things`` the share of a shape is.

        >>> round(Spacing(shapes={"triangle": 1.45}).wider("triangle"), 3)
        0.17
        """
        return self.shapes.get(shape, self.things) - self.things
