"""Captions to vectors: a transformer over words (guide: "try a transformer-based text encoder")."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cvae_lightning.models.interfaces import CaptionEncoding, Masked, TextEncoder
from cvae_lightning.models.nn.attention import Block, learned_embedding
from cvae_lightning.models.serialization import part
from cvae_lightning.models.text.padding import token_mask


@part
class TransformerTextEncoder(TextEncoder):
    """Self-attention over word and index embeddings; the pooled embedding is the mean over real tokens.

    Padding is masked out of attention and mean, so it never changes an embedding.

    Args:
        vocab_size: words of the tokenizer, special tokens included.
        caption_dim: C, size of the pooled embedding and of the tokens' embeddings; a multiple of ``heads``.
        layers: blocks.
        heads: attention heads.
        max_length: most tokens of a caption.
        directional: whether half of the heads attend to a word and those before it, the others to it and those after
            it (Shen et al. 2018, section 4.2). What comes before a word and what comes after it are then different
            numbers from the start; otherwise a model must first learn to compare indices.
        pad_id: token id of padding.

    Example:
        >>> import torch
        >>> encoder = TransformerTextEncoder(vocab_size=10, caption_dim=8, layers=1)
        >>> encoding = encoder(torch.tensor([[1, 2, 3], [4, 5, 0]]))  # the second caption is padded
        >>> tuple(encoding.pooled.shape), tuple(encoding.tokens.values.shape)
        ((2, 8), (2, 3, 8))
    """

    def __init__(
        self,
        vocab_size: int,
        caption_dim: int = 128,
        layers: int = 3,
        heads: int = 4,
        max_length: int = 32,
        pad_id: int = 0,
        directional: bool = False,
    ) -> None:
        super().__init__()
        if min(caption_dim, layers, heads, max_length) < 1:
            raise ValueError(
                f"text encoder: caption_dim {caption_dim}, layers {layers}, heads {heads}, max_length {max_length}: "
                "expected at least 1 each"
            )
        if directional and heads % 2:
            raise ValueError(f"text encoder: directional needs an even number of heads, not {heads}")
        self.caption_dim, self.pad_id, self.max_length = caption_dim, pad_id, max_length
        self.directional, self.heads = directional, heads
        self.embed = nn.Embedding(vocab_size, caption_dim, padding_idx=pad_id)
        self.index_embedding = learned_embedding(max_length, caption_dim)
        self.blocks = nn.ModuleList([Block(caption_dim, cross_attention=False, heads=heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(caption_dim)

    def forward(self, tokens: Tensor) -> CaptionEncoding:
        """Encode (B, T) token ids, padded on the right.

        Raises:
            ValueError: tokens are not (B, T), T exceeds ``max_length``, or a row has no token at all.
        """
        mask = token_mask(tokens, self.pad_id)  # (B, T)
        if tokens.shape[1] > self.max_length:
            raise ValueError(f"captions of {tokens.shape[1]} tokens: expected at most max_length={self.max_length}")
        states = self.embed(tokens) + self.index_embedding[:, : tokens.shape[1]]  # (B, T, C)
        allowed = self._directions(mask) if self.directional else mask
        for block in self.blocks:
            states = block(states, mask=allowed)
        states = self.norm(states).float() * mask.unsqueeze(-1)
        return CaptionEncoding(states.sum(dim=1) / mask.sum(dim=1, keepdim=True), Masked(states, mask))

    def _directions(self, mask: Tensor) -> Tensor:
        """Which words (B, T) each head's words attend to; (B, H, T, T)."""
        length = mask.shape[1]
        before = torch.ones(length, length, dtype=torch.bool, device=mask.device).tril()
        per_head = torch.stack([before, before.T]).repeat(self.heads // 2, 1, 1)  # (H, T, T)
        return per_head & mask[:, None, None, :]
