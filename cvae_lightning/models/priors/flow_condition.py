"""What a flow's velocity follows: the caption's part of it, and guidance away from what there would be without it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cvae_lightning.models.interfaces import Masked
from cvae_lightning.models.nn.ragged import RaggedIndex
from cvae_lightning.models.priors.ode import Velocity


@dataclass(frozen=True, slots=True)
class FlowCondition:
    """What a flow's velocity needs of a batch of captions, whatever the state and the time.

    Attributes:
        index: where the M slots in use are.
        values: (M, W) their queries.
        pooled: (B, W) of each caption.
        pairs: receiver and sender (P,) of each message between slots; None without messages.
        words: (B, T, W) what each block attends to; None where blocks do not read the words.
    """

    index: RaggedIndex
    values: Tensor
    pooled: Tensor
    pairs: tuple[Tensor, Tensor] | None
    words: Masked | None


def words_of(tokens: Masked, layer: nn.Module, keep: Tensor | None, times: int) -> Masked:
    """Tokens (B, T, C) as the blocks read them, (B * times, T, W): zeros where ``keep`` (B * times,) is False."""
    words = Masked(layer(tokens.values), tokens.mask).repeat(times)
    return words if keep is None else Masked(words.values * keep[:, None, None], words.mask)


def guided(conditional: Velocity, unconditional: Velocity, scale: float) -> Velocity:
    """Classifier-free guidance (Ho & Salimans 2022, eq. 6): away from the velocity without the caption.

    Args:
        conditional: the velocity with the caption.
        unconditional: the one without it.
        scale: 1 for the conditional velocity itself, more to go beyond it.
    """

    def velocity(z: Tensor, time: float | Tensor) -> Tensor:
        without = unconditional(z, time)
        return without + scale * (conditional(z, time) - without)

    return velocity


def times_of(rows: Tensor, time: float | Tensor) -> Tensor:
    """One time for all rows (B, ...); (B,)."""
    if isinstance(time, Tensor):
        return time.expand(rows.shape[0])
    return torch.full((rows.shape[0],), time, device=rows.device)
