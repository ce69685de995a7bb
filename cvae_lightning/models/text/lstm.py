"""Captions to vectors: the bidirectional LSTM of the guide."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from cvae_lightning.models.serialization import part


class Caption(NamedTuple):
    """An encoded batch of captions.

    Attributes:
        pooled: (B, C) one embedding a caption.
        states: (B, T, C) one embedding a token; zero at padding.
        mask: (B, T) True at real tokens.
        lesson: (B,) what the text encoder minimises for itself besides, nats; None for most.
    """

    pooled: Tensor
    states: Tensor
    mask: Tensor
    lesson: Tensor | None = None

    def repeat(self, times: int) -> Caption:
        """Each caption ``times`` times in a row: (B * times, ...). Nobody learns a lesson twice."""
        return Caption(*(field.repeat_interleave(times, dim=0) for field in self[:3]))


class TextEncoder(nn.Module, ABC):
    """What a model needs of a text encoder."""

    @abstractmethod
    def forward(self, tokens: Tensor) -> Caption:
        """Encode (B, T) token ids, padded on the right."""


def real_tokens(tokens: Tensor, pad_id: int) -> Tensor:
    """(B, T) True where tokens are no padding.

    Raises:
        ValueError: tokens are not (B, T), or a row has no token at all.
    """
    if tokens.ndim != 2:
        raise ValueError(f"tokens have shape {tuple(tokens.shape)}: expected (batch, length)")
    mask = tokens != pad_id
    if tokens.shape[1] == 0 or not bool(mask.any(dim=1).all()):
        raise ValueError("a caption of no tokens at all cannot be encoded")
    return mask


@part
class LSTMTextEncoder(TextEncoder):
    """Bidirectional LSTM over word embeddings.

    The pooled embedding joins the last state of both directions. Sequences are packed, so padding
    never changes an embedding.

    Args:
        vocab_size: number of words in the tokenizer, special tokens included.
        caption_dim: C, size of the pooled embedding and of the token states; even.
        embedding_dim: size of a word embedding.
        layers: stacked LSTM layers.
        dropout: probability of dropping between layers, in [0, 1).
        pad_id: token id of padding.
    """

    def __init__(
        self,
        vocab_size: int,
        caption_dim: int = 256,
        embedding_dim: int = 256,
        layers: int = 2,
        dropout: float = 0.0,
        pad_id: int = 0,
    ) -> None:
        super().__init__()
        if caption_dim < 2 or caption_dim % 2:
            raise ValueError(f"caption_dim is {caption_dim}: two LSTM directions need an even number")
        if not 0 <= dropout < 1:
            raise ValueError(f"text encoder dropout is {dropout}: expected a number in [0, 1)")
        self.caption_dim = caption_dim
        self.pad_id = pad_id
        self.embed = nn.Embedding(vocab_size, embedding_dim, padding_idx=pad_id)
        self.lstm = nn.LSTM(
            embedding_dim,
            caption_dim,
            layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if layers > 1 else 0.0,
        )
        self.join = nn.Linear(2 * caption_dim, caption_dim)

    def forward(self, tokens: Tensor) -> Caption:
        """Encode (B, T) token ids, padded on the right.

        Raises:
            ValueError: tokens are not (B, T), or a row has no token at all.
        """
        mask = real_tokens(tokens, self.pad_id)
        lengths = mask.sum(dim=1)
        # Some CPUs have no 16-bit LSTM kernel; it is too small a part for its precision to cost time.
        with torch.autocast(tokens.device.type, enabled=False):
            return self._encode(tokens, mask, lengths)

    def _encode(self, tokens: Tensor, mask: Tensor, lengths: Tensor) -> Caption:
        packed = pack_padded_sequence(self.embed(tokens), lengths.cpu(), batch_first=True, enforce_sorted=False)
        outputs, (last, _) = self.lstm(packed)
        states, _ = pad_packed_sequence(outputs, batch_first=True, total_length=tokens.shape[1])
        pooled = self.join(torch.cat([last[-2], last[-1]], dim=-1))
        return Caption(pooled, self.join(states) * mask.unsqueeze(-1), mask)
