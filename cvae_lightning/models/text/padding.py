"""Which tokens of a padded batch are real."""

from __future__ import annotations

import torch
from torch import Tensor


def token_mask(tokens: Tensor, pad_id: int) -> Tensor:
    """(B, T) True where tokens are not padding.

    Raises:
        ValueError: tokens are not (B, T), or a row has no token at all.
    """
    if tokens.ndim != 2:
        raise ValueError(f"tokens have shape {tuple(tokens.shape)}: expected (batch, length)")
    mask = tokens != pad_id
    if torch.compiler.is_exporting():  # a graph raises nothing by values
        return mask
    if tokens.shape[1] == 0 or not bool(mask.any(dim=1).all()):
        raise ValueError("a caption of no tokens at all cannot be encoded")
    return mask
