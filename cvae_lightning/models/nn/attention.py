"""Transformer blocks for a handful of tokens: cross-attention, self-attention and a small network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cvae_lightning.models.interfaces import Masked
from cvae_lightning.models.nn.ragged import RaggedIndex


class Attention(nn.Module):
    """Multi-head attention (Vaswani et al. 2017, section 3.2.2).

    Written out as two matrix products: with few keys of few channels PyTorch's fused kernel is several times slower on
    a CPU, its backward pass above all.

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

    def forward(self, tokens: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        """Tokens (B, N, W) attend to the context (B, M, W) where mask, (B, M), (1, N, M) or (B, H, N, M), is True."""
        return self.out(self._attend(self.query(tokens), self.key_value(context), mask))

    def ragged(self, tokens: Tensor, index: RaggedIndex, context: Masked | None = None) -> Tensor:
        """Packed tokens (M, W) attend to those of their own row, or to the context (B, T, W) of their row; (M, W)."""
        query = index.pad(self.query(tokens))  # (B, N, W)
        if context is None:
            key_value, mask = index.pad(self.key_value(tokens)), index.mask  # (B, N, 2 W), (B, N)
        else:
            key_value, mask = self.key_value(context.values), context.mask  # (B, T, 2 W), (B, T)
        return self.out(index.pack(self._attend(query, key_value, mask)))

    def _attend(self, query: Tensor, key_value: Tensor, mask: Tensor | None) -> Tensor:
        query = self._split(query)  # (B, H, N, W / H)
        key, value = (self._split(half) for half in key_value.chunk(2, dim=-1))  # (B, H, M, W / H) each
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)  # (B, H, N, M)
        if mask is not None:
            allowed = mask[:, None, None, :] if mask.ndim == 2 else mask[:, None] if mask.ndim == 3 else mask
            scores = scores.masked_fill(~allowed, -1e4)
        # PyTorch's softmax over a short last axis takes several times as long as over the first one.
        weights = scores.permute(3, 0, 1, 2).softmax(dim=0).permute(1, 2, 3, 0)  # (B, H, N, M)
        attended = weights.to(value.dtype) @ value  # (B, H, N, W / H)
        return attended.transpose(1, 2).flatten(2)  # (B, N, W)

    def _split(self, tokens: Tensor) -> Tensor:
        """(B, N, W) -> (B, H, N, W / H)."""
        return tokens.reshape(*tokens.shape[:2], self.heads, -1).transpose(1, 2)


class Block(nn.Module):
    """A pre-norm transformer block: cross-attention, self-attention, network; either attention may be absent.

    Args:
        width: W of the tokens.
        cross_attention: whether tokens attend to a context.
        self_attention: whether tokens attend to each other.
        condition_dim: size of a vector that scales and shifts every norm (adaptive layer norm,
            Peebles & Xie 2023); 0 for none.
        heads: attention heads.
    """

    def __init__(
        self,
        width: int,
        cross_attention: bool = True,
        self_attention: bool = True,
        condition_dim: int = 0,
        heads: int = 4,
    ) -> None:
        super().__init__()
        self.cross_attention = Attention(width, heads) if cross_attention else None
        self.self_attention = Attention(width, heads) if self_attention else None
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(cross_attention + self_attention + 1)])
        self.network = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.modulation = nn.Linear(condition_dim, 2 * len(self.norms) * width) if condition_dim else None
        if self.modulation is not None:
            nn.init.zeros_(self.modulation.weight)
            nn.init.zeros_(self.modulation.bias)

    def forward(
        self,
        tokens: Tensor,
        context: Masked | None = None,
        mask: Tensor | None = None,
        index: RaggedIndex | None = None,
        condition: Tensor | None = None,
        changes: tuple[Tensor, ...] | None = None,
    ) -> Tensor:
        """Tokens after the block, as a padded batch (B, N, W) or packed (M, W).

        Args:
            tokens: (B, N, W), or (M, W) with ``index``.
            context: (B, T, W) what cross-attention attends to.
            mask: (B, N) True at real tokens; for a padded batch.
            index: where packed tokens are in their rows.
            condition: (B, condition_dim).
            changes: :meth:`changes` of the condition, where the caller has them already.
        """
        changes = self.changes(condition, index) if changes is None else changes
        if self.cross_attention is not None and context is not None:
            normed = self._norm(0, tokens, changes)
            if index is not None:
                tokens = tokens + self.cross_attention.ragged(normed, index, context)
            else:
                tokens = tokens + self.cross_attention(normed, context.values, context.mask)
        if self.self_attention is not None:
            normed = self._norm(-2, tokens, changes)
            if index is not None:
                tokens = tokens + self.self_attention.ragged(normed, index)
            else:
                tokens = tokens + self.self_attention(normed, normed, mask)
        return tokens + self.network(self._norm(-1, tokens, changes))

    def changes(self, condition: Tensor | None, index: RaggedIndex | None) -> tuple[Tensor, ...]:
        """Scale and shift of each norm in turn, (B, 1, W) each, or (M, W) for packed tokens; none unconditioned."""
        if self.modulation is None or condition is None:
            return ()
        changes = self.modulation(condition)  # (B, 2 * norms * W)
        changes = changes.unsqueeze(1) if index is None else index.pack_rows(changes)
        return changes.chunk(2 * len(self.norms), dim=-1)

    def _norm(self, number: int, tokens: Tensor, changes: tuple[Tensor, ...]) -> Tensor:
        normed = self.norms[number](tokens)
        if not changes:
            return normed
        number %= len(self.norms)
        scale, shift = changes[2 * number : 2 * number + 2]
        return normed * (1 + scale) + shift


def learned_embedding(count: int, width: int) -> nn.Parameter:
    """Learned embeddings (1, count, width) of the indices of a sequence."""
    return nn.Parameter(nn.init.normal_(torch.empty(1, count, width), std=0.5))
