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
        place: (M,) its place in the padded batch, row * N + column.

    Example:
        >>> index = RaggedIndex.from_mask(torch.tensor([[True, False], [True, True]]))
        >>> index.pack(torch.tensor([[[1.0], [9.0]], [[2.0], [3.0]]])).flatten().tolist()
        [1.0, 2.0, 3.0]
    """

    mask: Tensor
    row: Tensor
    place: Tensor

    @classmethod
    def from_mask(cls, mask: Tensor) -> RaggedIndex:
        """The elements where ``mask`` (B, N) is True, row by row."""
        row, column = mask.nonzero(as_tuple=True)  # (M,) each
        return cls(mask, row, row * mask.shape[1] + column)

    # index_select and index_copy do what indexing with two lists does, forwards and backwards, in a fraction of
    # its time.

    def pack(self, padded: Tensor) -> Tensor:
        """(B, N, C) -> (M, C)."""
        return padded.flatten(0, 1).index_select(0, self.place)

    def pack_rows(self, rows: Tensor) -> Tensor:
        """(B, C) -> (M, C), each element with what its row has."""
        return rows.index_select(0, self.row)

    def pad(self, packed: Tensor) -> Tensor:
        """(M, C) -> (B, N, C), with zeros at padding."""
        padded = packed.new_zeros(self.mask.numel(), packed.shape[-1]).index_copy(0, self.place, packed)
        return padded.reshape(*self.mask.shape, -1)

    def pairs(self) -> tuple[Tensor, Tensor]:
        """First and second (P,) of all ordered pairs of different elements of a row, as indices of packed elements."""
        number = self.mask.flatten().cumsum(0).sub(1).view_as(self.mask)  # (B, N), of each real element
        same = torch.eye(self.mask.shape[1], dtype=torch.bool, device=self.mask.device)  # (N, N)
        row, first, second = (self.mask[:, :, None] & self.mask[:, None, :] & ~same).nonzero(as_tuple=True)  # (P,)
        return number[row, first], number[row, second]
