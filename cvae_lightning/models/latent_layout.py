"""How the numbers of a latent are read: as slots, and where in a slot its position is."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from cvae_lightning.models.serialization import part


@part
@dataclass(frozen=True)
class LatentLayout:
    """How the Z numbers of a latent are read: K slots of D = Z / K numbers each, perhaps with a position.

    A flat latent is one slot without a position. With ``position_scale`` s the first two numbers of each slot are a
    position (x, y) in [0, 1], stored as s (x - 1/2): with s = 4 they spread about as N(0, 1) does.

    Args:
        latent_dim: Z.
        num_slots: K.
        position_scale: s; None where slots have no position.

    Raises:
        ValueError: Z does not divide into K slots, or a slot has no room for its position.

    Example:
        >>> layout = LatentLayout(latent_dim=20, num_slots=10, position_scale=4.0)
        >>> positions, rest = layout.split(torch.zeros(1, 20))
        >>> tuple(positions.shape), positions[0, 0].tolist(), tuple(rest.shape)
        ((1, 10, 2), [0.5, 0.5], (1, 10, 0))
    """

    latent_dim: int
    num_slots: int = 1
    position_scale: float | None = None

    def __post_init__(self) -> None:
        if self.num_slots < 1 or self.latent_dim < 1 or self.latent_dim % self.num_slots:
            raise ValueError(f"latent_dim {self.latent_dim} does not divide into {self.num_slots} slots")
        if self.position_scale is None:
            return
        if not self.position_scale > 0:
            raise ValueError(f"position_scale is {self.position_scale}: expected a number above 0, such as 4, or null")
        if self.slot_dim < 2:
            raise ValueError(
                f"latent_dim {self.latent_dim} in {self.num_slots} slots: expected at least 2 numbers per slot, "
                "for its position"
            )

    @property
    def slot_dim(self) -> int:
        """D, numbers per slot."""
        return self.latent_dim // self.num_slots

    def slots(self, z: Tensor) -> Tensor:
        """(B, Z) -> (B, K, D)."""
        return z.reshape(z.shape[0], self.num_slots, self.slot_dim)

    def split(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Positions (B, K, 2) in [0, 1] and the other numbers (B, K, D - 2) of latents (B, Z).

        Raises:
            ValueError: the slots have no position.
        """
        slots = self.slots(z)
        return 0.5 + slots[..., :2].float() / self.require_position(), slots[..., 2:]

    def join(self, positions: Tensor, rest: Tensor) -> Tensor:
        """Latents (B, Z) of positions (B, K, 2) and the other numbers (B, K, D - 2); the inverse of :meth:`split`."""
        return torch.cat([self.scaled(positions), rest], dim=-1).flatten(1)

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
