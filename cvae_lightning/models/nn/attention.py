"""Transformer blocks for a handful of tokens: attention to others, to each other, and a small network."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Places(NamedTuple):
    """Where the M tokens that exist stand in a batch (B, N) of which most may be padding.

    Attributes:
        exist: (B, N).
        row: (M,) of a token in the batch.
        column: (M,) of a token in its row.
    """

    exist: Tensor
    row: Tensor
    column: Tensor

    @classmethod
    def of(cls, exist: Tensor) -> Places:
        """The places of True in ``exist`` (B, N)."""
        return cls(exist, *exist.nonzero(as_tuple=True))

    def pack(self, tokens: Tensor) -> Tensor:
        """Those that exist (M, W) of tokens (B, N, W)."""
        return tokens[self.row, self.column]

    def pad(self, tokens: Tensor) -> Tensor:
        """(B, N, W) of tokens (M, W), with zeros where there are none."""
        return tokens.new_zeros(*self.exist.shape, tokens.shape[-1]).index_put((self.row, self.column), tokens)

    def pairs(self) -> tuple[Tensor, Tensor]:
        """First and second (P,) of all ordered pairs of different tokens of a row, numbered as they are packed."""
        number = torch.zeros_like(self.exist, dtype=torch.long)
        number[self.row, self.column] = torch.arange(len(self.row), device=self.row.device)
        alone = torch.eye(self.exist.shape[1], dtype=torch.bool, device=self.exist.device)
        row, first, second = (self.exist[:, :, None] & self.exist[:, None, :] & ~alone).nonzero(as_tuple=True)
        return number[row, first], number[row, second]


class Attention(nn.Module):
    """Multi-head attention (Vaswani et al. 2017, section 3.2.2).

    Written out as two matrix products: with few keys of few channels PyTorch's fused kernel is
    several times slower on a CPU, its backward pass above all.

    Args:
        width: W, a multiple of ``heads``.
        heads: how many.
    """

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} does not divide into {heads} heads")
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, tokens: Tensor, others: Tensor, mask: Tensor | None = None) -> Tensor:
        """Tokens (B, N, W) look at others (B, M, W), where mask (B, M) is True; (B, N, W)."""
        return self.out(self._look(self.query(tokens), self.key_value(others), mask))

    def packed(self, tokens: Tensor, places: Places) -> Tensor:
        """Tokens (M, W) that exist look at those of their own row; (M, W)."""
        seen = self._look(places.pad(self.query(tokens)), places.pad(self.key_value(tokens)), places.exist)
        return self.out(places.pack(seen))

    def _look(self, query: Tensor, key_value: Tensor, mask: Tensor | None) -> Tensor:
        """Values (B, N, W) that queries (B, N, W) find in keys and values (B, M, 2 W)."""
        query = self._split(query)
        key, value = (self._split(half) for half in key_value.chunk(2, dim=-1))
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None, None, :], -1e4)
        # PyTorch's softmax over a short last axis takes several times as long as over the first one.
        shares = scores.permute(3, 0, 1, 2).softmax(dim=0).permute(1, 2, 3, 0)
        seen = shares.to(value.dtype) @ value
        return seen.transpose(1, 2).flatten(2)

    def _split(self, tokens: Tensor) -> Tensor:
        """(B, N, W) -> (B, heads, N, W / heads)."""
        return tokens.reshape(*tokens.shape[:2], self.heads, -1).transpose(1, 2)


class Block(nn.Module):
    """A pre-norm transformer block: cross-attention, self-attention, network; any of the first two may be absent.

    Args:
        width: W of the tokens.
        cross: whether tokens look at others.
        own: whether tokens look at each other.
        condition_dim: size of a vector that scales and shifts every norm (adaptive layer norm,
            Peebles & Xie 2023); 0 for none.
        heads: attention heads.
    """

    def __init__(
        self, width: int, cross: bool = True, own: bool = True, condition_dim: int = 0, heads: int = 4
    ) -> None:
        super().__init__()
        self.cross = Attention(width, heads) if cross else None
        self.own = Attention(width, heads) if own else None
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(3)])
        self.network = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.modulate = nn.Linear(condition_dim, 6 * width) if condition_dim else None
        if self.modulate is not None:
            nn.init.zeros_(self.modulate.weight)
            nn.init.zeros_(self.modulate.bias)

    def forward(
        self,
        tokens: Tensor,
        others: Tensor | None = None,
        mask: Tensor | None = None,
        own_mask: Tensor | None = None,
        condition: Tensor | None = None,
    ) -> Tensor:
        """Tokens (B, N, W) after the block.

        Args:
            tokens: (B, N, W).
            others: (B, M, W) what cross-attention looks at.
            mask: (B, M) True at others that exist.
            own_mask: (B, N) True at tokens that exist.
            condition: (B, condition_dim).
        """
        changes = self._changes(condition)
        if self.cross is not None and others is not None:
            tokens = tokens + self.cross(self._norm(0, tokens, changes), others, mask)
        if self.own is not None:
            normed = self._norm(1, tokens, changes)
            tokens = tokens + self.own(normed, normed, own_mask)
        return tokens + self.network(self._norm(2, tokens, changes))

    def packed(self, tokens: Tensor, places: Places, condition: Tensor | None = None) -> Tensor:
        """The block for tokens (M, W) that exist and look at each other: the same at a share of the cost."""
        changes = self._changes(condition, places.row)
        if self.own is not None:
            tokens = tokens + self.own.packed(self._norm(1, tokens, changes), places)
        return tokens + self.network(self._norm(2, tokens, changes))

    def _changes(self, condition: Tensor | None, row: Tensor | None = None) -> tuple[Tensor, ...]:
        """Scale and shift of each norm, (B, 1, W) each or (M, W) for tokens of these rows; nothing unconditioned."""
        if self.modulate is None or condition is None:
            return ()
        changes = self.modulate(condition)
        return (changes.unsqueeze(1) if row is None else changes[row]).chunk(6, dim=-1)

    def _norm(self, place: int, tokens: Tensor, changes: tuple[Tensor, ...]) -> Tensor:
        normed = self.norms[place](tokens)
        if not changes:
            return normed
        scale, shift = changes[2 * place : 2 * place + 2]
        return normed * (1 + scale) + shift


def positions(count: int, width: int) -> nn.Parameter:
    """Learned embeddings (1, count, width) of places in a sequence."""
    return nn.Parameter(0.5 * torch.randn(1, count, width))
