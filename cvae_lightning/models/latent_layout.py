"""How the numbers of a latent are read: as slots, and where in a slot its position and its radius are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from cvae_lightning.models.serialization import part


class SlotNumbers(NamedTuple):
    """What the numbers of slots say.

    Attributes:
        positions: (B, K, 2) in [0, 1].
        factors: (B, K) how many times larger than the caption says a slot's object is; None where the layout has no
            radius.
        present: (B, K) whether a slot has an object; None where the layout does not say so.
        rest: (B, K, R) the other numbers.
    """

    positions: Tensor
    factors: Tensor | None
    present: Tensor | None
    rest: Tensor


@part
@dataclass(frozen=True)
class LatentLayout:
    """How the Z numbers of a latent are read: K slots of D = Z / K numbers each, perhaps with a position.

    A flat latent is one slot without a position. With ``position_scale`` s the first two numbers of each slot are a
    position (x, y) in [0, 1], stored as s (x - 1/2): with s = 4 they spread about as N(0, 1) does. With
    ``radius_scale`` r the number after them is r log f, where f is the factor by which the slot's object is larger
    than its caption says: position and scale of a slot-centric reference frame (Biza et al. 2023, section 3.2). With
    ``presence_scale`` p the next number is near p where the slot has an object and near -p where it is empty.

    Args:
        latent_dim: Z.
        num_slots: K.
        position_scale: s; None where slots have no position.
        radius_scale: r; None where all objects of one size have one radius. Needs ``position_scale``.
        presence_scale: p; None where the latent does not say which slots are empty. Needs ``position_scale``.

    Raises:
        ValueError: Z does not divide into K slots, or a slot has no room for its position.

    Example:
        >>> layout = LatentLayout(latent_dim=20, num_slots=10, position_scale=4.0)
        >>> numbers = layout.split(torch.zeros(1, 20))
        >>> tuple(numbers.positions.shape), numbers.positions[0, 0].tolist(), tuple(numbers.rest.shape)
        ((1, 10, 2), [0.5, 0.5], (1, 10, 0))
    """

    latent_dim: int
    num_slots: int = 1
    position_scale: float | None = None
    radius_scale: float | None = None
    presence_scale: float | None = None

    def __post_init__(self) -> None:
        if self.num_slots < 1 or self.latent_dim < 1 or self.latent_dim % self.num_slots:
            raise ValueError(f"latent_dim {self.latent_dim} does not divide into {self.num_slots} slots")
        for name in ("position_scale", "radius_scale", "presence_scale"):
            scale = getattr(self, name)
            if scale is not None and not scale > 0:
                raise ValueError(f"{name} is {scale}: expected a number above 0, such as 4, or null")
            if scale is not None and self.position_scale is None:
                raise ValueError(f"{name} is of slots with a position: give position_scale too, such as 4")
        if self.rest_dim < 0:
            named = [name for name in ("position", "radius", "presence") if getattr(self, f"{name}_scale") is not None]
            raise ValueError(
                f"latent_dim {self.latent_dim} in {self.num_slots} slots: expected at least {self._named} numbers per "
                f"slot, for its {' and '.join(named)}"
            )

    @property
    def _named(self) -> int:
        """How many of a slot's numbers have a meaning of their own."""
        return 2 * (self.position_scale is not None) + sum(
            scale is not None for scale in (self.radius_scale, self.presence_scale)
        )

    @property
    def rest_dim(self) -> int:
        """R, numbers per slot besides position, radius and presence."""
        return self.slot_dim - self._named

    @property
    def radius_column(self) -> int:
        """Which of a slot's numbers its radius is; it follows the position."""
        return 2

    @property
    def presence_column(self) -> int:
        """Which of a slot's numbers its presence is; it follows the position, and the radius where there is one."""
        return 2 + (self.radius_scale is not None)

    @property
    def slot_dim(self) -> int:
        """D, numbers per slot."""
        return self.latent_dim // self.num_slots

    def slots(self, z: Tensor) -> Tensor:
        """(B, Z) -> (B, K, D)."""
        return z.reshape(z.shape[0], self.num_slots, self.slot_dim)

    def masked(self, z: Tensor, mask: Tensor) -> Tensor:
        """Latents (B * n, Z) with zeros where a mask (B, K) of slots is False, each of its rows for n in succession."""
        rows = mask.repeat_interleave(len(z) // len(mask), dim=0)  # (B * n, K)
        return z * rows.repeat_interleave(self.slot_dim, dim=1)

    def split(self, z: Tensor) -> SlotNumbers:
        """What latents (B, Z) say.

        Raises:
            ValueError: the slots have no position.
        """
        slots = self.slots(z)
        positions = 0.5 + slots[..., :2].float() / self.require_position()
        factors = (
            None if self.radius_scale is None else (slots[..., self.radius_column].float() / self.radius_scale).exp()
        )
        present = None if self.presence_scale is None else slots[..., self.presence_column] > 0
        return SlotNumbers(positions, factors, present, slots[..., self._named :])

    def join(self, numbers: SlotNumbers) -> Tensor:
        """Latents (B, Z) that say this; the inverse of :meth:`split`."""
        named = [self.scaled(numbers.positions)]
        if self.radius_scale is not None and numbers.factors is not None:
            named.append(self.log_factors(numbers.factors).unsqueeze(-1))
        if self.presence_scale is not None and numbers.present is not None:
            named.append(self.presence_of(numbers.present).unsqueeze(-1))
        return torch.cat([*named, numbers.rest], dim=-1).flatten(1)

    def presence_of(self, present: Tensor) -> Tensor:
        """The numbers (B, K) that the latent stores where slots are present (B, K)."""
        assert self.presence_scale is not None
        return self.presence_scale * (2.0 * present - 1)

    def log_factors(self, factors: Tensor) -> Tensor:
        """The numbers (B, K) that the latent stores of factors (B, K)."""
        assert self.radius_scale is not None
        return self.radius_scale * factors.log()

    def scaled(self, positions: Tensor) -> Tensor:
        """Positions (B, K, 2) as the latent stores them."""
        return self.require_position() * (positions - 0.5)

    def require_position(self) -> float:
        """``position_scale``.

        Raises:
            ValueError: the slots have no position.
        """
        if self.position_scale is None:
            raise ValueError("the layout's slots have no position: give position_scale, such as 4")
        return self.position_scale
