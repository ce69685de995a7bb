"""How often each form of meaning is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True, slots=True)
class Mix:
    """How often each form of meaning is drawn; the three are scaled to sum to 1.

    Attributes:
        one: one group.
        joined: two groups or more without a relation.
        relation: two groups or more, some of them in relation.

    Raises:
        ValueError: a share is negative or not finite, or all are 0.

    >>> Mix(one=3, joined=0, relation=1)
    Mix(one=0.75, joined=0.0, relation=0.25)
    """

    one: float = 0.3
    joined: float = 0.2
    relation: float = 0.5

    def __post_init__(self) -> None:
        shares = {"one": self.one, "joined": self.joined, "relation": self.relation}
        for form, share in shares.items():
            if isinstance(share, bool) or not isinstance(share, int | float) or not (isfinite(share) and share >= 0):
                raise ValueError(f"mix of {form!r} is {share}: expected a finite number, 0 or more")
        total = sum(shares.values())
        if total == 0:
            raise ValueError("mix is 0 for every form: expected one of them to be more")
        if abs(total - 1) < 1e-15:
            total = 1  # shares that were scaled once stay what they are
        for form, share in shares.items():
            object.__setattr__(self, form, share / total)
