"""Categorical distributions: choices by given uniform numbers, and the likelihood of rows of choices."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def choose(logits: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
    """Inverse transform sampling from categorical distributions, for one uniform number each.

    Args:
        logits: (B, V).
        uniform: (B,) in [0, 1].

    Returns:
        The choices (B,), and where in its share of [0, 1] each number was: uniform again, and independent of the
        choice.

    Example:
        >>> import torch
        >>> choose(torch.zeros(1, 4), torch.tensor([0.625]))
        (tensor([2]), tensor([0.5000]))
    """
    probability = logits.double().softmax(dim=-1)
    ends = probability.cumsum(dim=-1)  # (B, V)
    chosen = (ends <= uniform.double().unsqueeze(-1)).sum(dim=-1).clamp(max=logits.shape[-1] - 1)  # (B,)
    size, end = (table.gather(-1, chosen.unsqueeze(-1)).squeeze(-1) for table in (probability, ends))
    return chosen, ((uniform.double() - end + size) / size).clamp(0, 1).to(uniform.dtype)


def log_likelihood(logits: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
    """Log probabilities of targets (B, N) where mask (B, N) is True, summed; (B,)."""
    loss = functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="none")
    return -(loss.view_as(mask) * mask).sum(dim=1)
