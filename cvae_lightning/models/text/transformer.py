"""Captions to vectors: a transformer over words (guide: "try a transformer-based text encoder")."""

from __future__ import annotations

from torch import Tensor, nn

from cvae_lightning.models.nn.attention import Block, positions
from cvae_lightning.models.serialization import part
from cvae_lightning.models.text.lstm import Caption, TextEncoder, real_tokens


@part
class TransformerTextEncoder(TextEncoder):
    """Self-attention over word and place embeddings; the pooled embedding is the mean over real tokens.

    Padding is masked out of attention and mean, so it never changes an embedding.

    Args:
        vocab_size: words of the tokenizer, special tokens included.
        caption_dim: C, size of the pooled embedding and of the token states; a multiple of ``heads``.
        layers: blocks.
        heads: attention heads.
        max_length: most tokens of a caption.
        pad_id: token id of padding.
    """

    def __init__(
        self,
        vocab_size: int,
        caption_dim: int = 128,
        layers: int = 3,
        heads: int = 4,
        max_length: int = 32,
        pad_id: int = 0,
    ) -> None:
        super().__init__()
        self.caption_dim, self.pad_id, self.max_length = caption_dim, pad_id, max_length
        self.embed = nn.Embedding(vocab_size, caption_dim, padding_idx=pad_id)
        self.places = positions(max_length, caption_dim)
        self.blocks = nn.ModuleList([Block(caption_dim, cross=False, heads=heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(caption_dim)

    def forward(self, tokens: Tensor) -> Caption:
        """Encode (B, T) token ids, padded on the right.

        Raises:
            ValueError: tokens are not (B, T), T exceeds ``max_length``, or a row has no token at all.
        """
        mask = real_tokens(tokens, self.pad_id)
        if tokens.shape[1] > self.max_length:
            raise ValueError(f"captions of {tokens.shape[1]} tokens: expected at most max_length={self.max_length}")
        states = self.embed(tokens) + self.places[:, : tokens.shape[1]]
        for block in self.blocks:
            states = block(states, own_mask=mask)
        states = self.norm(states).float() * mask.unsqueeze(-1)
        return Caption(states.sum(dim=1) / mask.sum(dim=1, keepdim=True), states, mask)
