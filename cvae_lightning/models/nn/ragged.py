"""Ragged batches: rows of different lengths, packed without their padding."""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple

import torch
from torch import Tensor


class RaggedIndex(NamedTuple):
    """Where the M real elements of a padded batch (B, N) are.

    Attributes:
        mask: (B, N) True at real elements.
        row: (M,) row of each element.
        place: (M,) its place in the padded batch, row * N + column.
        with_padding: whether the M = B N elements are all there are, padding too: see :meth:`all_of`.

    Example:
        >>> index = RaggedIndex.from_mask(torch.tensor([[True, False], [True, True]]))
        >>> index.pack(torch.tensor([[[1.0], [9.0]], [[2.0], [3.0]]])).flatten().tolist()
        [1.0, 2.0, 3.0]
    """

    mask: Tensor
    row: Tensor
    place: Tensor
    with_padding: bool = False

    @classmethod
    def from_mask(cls, mask: Tensor) -> RaggedIndex:
        """The elements where ``mask`` (B, N) is True, row by row; in an exported graph :meth:`all_of` them."""
        if torch.compiler.is_exporting():
            return cls.all_of(mask)
        row, column = mask.nonzero(as_tuple=True)  # (M,) each
        return cls(mask, row, row * mask.shape[1] + column)

    @classmethod
    def all_of(cls, mask: Tensor) -> RaggedIndex:
        """All elements of a batch, padding too, so that no shape depends on the mask; real elements get equal results.

        An exported graph has shapes that depend on the batch size alone.
        """
        place = torch.arange(mask.numel(), device=mask.device)
        return cls(mask, place // mask.shape[1], place, with_padding=True)

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
        if self.with_padding:
            return self.zero_padding(packed).reshape(*self.mask.shape, -1)
        padded = packed.new_zeros(self.mask.numel(), packed.shape[-1]).index_copy(0, self.place, packed)
        return padded.reshape(*self.mask.shape, -1)

    def zero_padding(self, packed: Tensor) -> Tensor:
        """(M, ...) with zeros at elements that are padding."""
        if not self.with_padding:
            return packed
        return packed * self.mask.flatten().reshape(-1, *[1] * (packed.ndim - 1)).to(packed.dtype)

    def pairs(self) -> tuple[Tensor, Tensor]:
        """First and second (P,) of all ordered pairs of different elements of a row, as indices of packed elements.

        With padding, the first of a pair whose second is padding is that same padding: what is added up by the first
        never reaches a real element from padding.
        """
        if self.with_padding:
            first, second = (index.flatten() for index in self._all_pairs())
            return torch.where(self.mask.flatten()[second], first, second), second
        number = self.mask.flatten().cumsum(0).sub(1).view_as(self.mask)  # (B, N), of each real element
        same = torch.eye(self.mask.shape[1], dtype=torch.bool, device=self.mask.device)  # (N, N)
        row, first, second = (self.mask[:, :, None] & self.mask[:, None, :] & ~same).nonzero(as_tuple=True)  # (P,)
        return number[row, first], number[row, second]

    def _all_pairs(self) -> tuple[Tensor, Tensor]:
        """As :meth:`pairs` of a batch of which every element is real; (B, N (N - 1)) each."""
        batch, length = self.mask.shape
        start = torch.arange(batch, device=self.mask.device).unsqueeze(1) * length  # (B, 1)
        columns = torch.tensor(list(permutations(range(length), 2)), device=self.mask.device)  # (N (N - 1), 2)
        return start + columns[:, 0], start + columns[:, 1]
