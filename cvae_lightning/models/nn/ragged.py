"""Ragged batches: rows of different lengths, packed without their padding."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class RaggedIndex(NamedTuple):
    """Where the M real elements of a padded batch (B, N) are.

    Attributes:
        mask: (B, N) True at real elements.
        row: (M,) row of each element.
        column: (M,) its column.

    Example:
        >>> index = RaggedIndex.from_mask(torch.tensor([[True, False], [True, True]]))
        >>> index.pack(torch.tensor([[[1.0], [9.0]], [[2.0], [3.0]]])).flatten().tolist()
        [1.0, 2.0, 3.0]
    """

    mask: Tensor
    row: Tensor
    column: Tensor

    @classmethod
    def from_mask(cls, mask: Tensor) -> RaggedIndex:
        """The elements where ``mask`` (B, N) is True, row by row."""
        return cls(mask, *mask.nonzero(as_tuple=True))

    def pack(self, padded: Tensor) -> Tensor:
        """(B, N, C) -> (M, C)."""
        return padded[self.row, self.column]

    def pad(self, packed: Tensor) -> Tensor:
        """(M, C) -> (B, N, C), with zeros at padding."""
        return packed.new_zeros(*self.mask.shape, packed.shape[-1]).index_put((self.row, self.column), packed)

    def pairs(self) -> tuple[Tensor, Tensor]:
        """First and second (P,) of all ordered pairs of different elements of a row, as indices of packed elements."""
        number = torch.zeros_like(self.mask, dtype=torch.long)  # (B, N)
        number[self.row, self.column] = torch.arange(len(self.row), device=self.row.device)
        same = torch.eye(self.mask.shape[1], dtype=torch.bool, device=self.mask.device)  # (N, N)
        row, first, second = (self.mask[:, :, None] & self.mask[:, None, :] & ~same).nonzero(as_tuple=True)  # (P,)
        return number[row, first], number[row, second]
