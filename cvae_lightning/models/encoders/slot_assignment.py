"""Sequential assignment of slots to objects, by the votes of a feature grid's cells.

Every cell votes for the position of its object (Hough voting; Gall & Lempitsky 2009). Slots then choose one after the
other. Each starts at the cell of its highest score and follows the votes around it uphill (mean shift;
Comaniciu & Meer 2002, eq. 20); the votes that it has found count for less afterwards (inhibition of return; Itti et
al. 1998). So slots of equal content find one object each, which competition by itself cannot decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from cvae_lightning.models.serialization import part


@part
@dataclass(frozen=True, kw_only=True)
class SlotAssignment:
    """Constants of the assignment; lengths are on a canvas of side 1, strengths in nats.

    Attributes:
        bandwidth: standard deviation of the mean shift's Gaussian.
        steps: of the mean shift.
        inhibition_radius: standard deviation of the Gaussian around a found position within which votes are inhibited.
            Wider than the scatter of an object's votes, and narrower than the distance of small objects: otherwise
            neighbours would be inhibited together.
        inhibition_strength: what a found vote loses; more than any cell gains by the reading order.
        reading_order: what a cell loses over a canvas to the right and downwards, so that slots of equal content
            have an order.
        min_log_share: lowest log share that counts.

    Raises:
        ValueError: a number out of range.

    Example:
        >>> votes = torch.tensor([[[0.2, 0.2], [0.8, 0.8]]])  # two cells, each at an object of its own
        >>> shares, in_use = torch.zeros(1, 2, 2), torch.ones(1, 2, dtype=torch.bool)
        >>> found = assign_slots(shares, votes, in_use, SlotAssignment()).positions
        >>> bool(torch.allclose(found, votes, atol=0.01))
        True
    """

    bandwidth: float = 0.05
    steps: int = 2
    inhibition_radius: float = 0.08
    inhibition_strength: float = 10.0
    reading_order: tuple[float, float] = (0.5, 1.0)
    min_log_share: float = -20.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "reading_order", tuple(self.reading_order))
        if min(self.bandwidth, self.inhibition_radius) <= 0 or self.steps < 1:
            raise ValueError(
                f"slot assignment: bandwidth {self.bandwidth}, inhibition_radius {self.inhibition_radius}, "
                f"steps {self.steps}: expected positive numbers"
            )


class Assigned(NamedTuple):
    """What slots found.

    Attributes:
        positions: (B, K, 2).
        attention: (B, K, N) weights of the cells that each attended to, of sum 1.
    """

    positions: Tensor
    attention: Tensor


def assign_slots(log_shares: Tensor, votes: Tensor, mask: Tensor, constants: SlotAssignment) -> Assigned:
    """Slots find their positions one after the other.

    Args:
        log_shares: (B, K, N) log shares of the cells.
        votes: (B, N, 2) positions that the cells vote for.
        mask: (B, K) slots in use; what others find is not inhibited.
        constants: of the procedure.
    """
    available, starts = _take_turns(log_shares.clamp(min=constants.min_log_share), votes, mask, constants)
    positions = votes.gather(1, starts.unsqueeze(-1).expand(-1, -1, 2))  # (B, K, 2)
    return Assigned(*_mean_shift(available, votes.unsqueeze(1), positions, constants))


def _take_turns(shares: Tensor, votes: Tensor, mask: Tensor, constants: SlotAssignment) -> tuple[Tensor, Tensor]:
    """Each slot's log shares (B, K, N) less the inhibition, and the cell (B, K) at which it starts.

    Neither choosing a cell nor inhibiting others passes gradients on. So slots take turns without them, and the mean
    shift runs once more, for all slots together, where gradients are wanted.
    """
    available, starts = [], []
    with torch.no_grad():
        rows = torch.arange(len(votes), device=votes.device)
        order = votes @ votes.new_tensor(constants.reading_order)  # (B, N)
        inhibition = torch.zeros_like(shares[:, 0])  # (B, N)
        for share, in_use in zip(shares.unbind(dim=1), mask.unbind(dim=1), strict=True):
            remaining = share - inhibition  # (B, N)
            start = (remaining - order).argmax(dim=-1)  # (B,)
            position, _ = _mean_shift(remaining, votes, votes[rows, start], constants)  # (B, 2)
            found = (-_distance(votes, position) / (2 * constants.inhibition_radius**2)).exp()  # (B, N)
            available.append(inhibition)
            starts.append(start)
            inhibition = inhibition + constants.inhibition_strength * in_use.unsqueeze(-1) * found
    return shares - torch.stack(available, dim=1), torch.stack(starts, dim=1)


def _mean_shift(available: Tensor, votes: Tensor, position: Tensor, constants: SlotAssignment) -> tuple[Tensor, Tensor]:
    """Where positions (..., 2) go among votes (..., N, 2) of these log weights (..., N), and the last weights."""
    for _ in range(constants.steps):
        weights = (available - _distance(votes, position) / (2 * constants.bandwidth**2)).softmax(dim=-1)  # (..., N)
        position = (weights.unsqueeze(-1) * votes).sum(dim=-2)  # (..., 2)
    return position, weights


def _distance(votes: Tensor, position: Tensor) -> Tensor:
    """Squared distances (..., N) of votes (..., N, 2) from a position (..., 2)."""
    return (votes - position.unsqueeze(-2)).square().sum(dim=-1)
