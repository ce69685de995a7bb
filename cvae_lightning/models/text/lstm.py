"""Captions to vectors: the bidirectional LSTM of the guide."""

from __future__ import annotations

import torch
from torch import Tensor, autocast, cat, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from cvae_lightning.models.interfaces import CaptionEncoding, Masked, TextEncoder
from cvae_lightning.models.serialization import part
from cvae_lightning.models.text.padding import token_mask


@part
class LSTMTextEncoder(TextEncoder):
    """Bidirectional LSTM over word embeddings.

    The pooled embedding joins the last state of both directions, of C numbers each. Sequences are packed, so padding
    never changes an embedding.

    Args:
        vocab_size: number of words in the tokenizer, special tokens included.
        caption_dim: C, size of the pooled embedding and of the tokens' embeddings.
        embedding_dim: size of a word embedding.
        layers: stacked LSTM layers.
        dropout: probability of dropping between layers, in [0, 1).
        pad_id: token id of padding.

    Raises:
        ValueError: a number out of range.

    Example:
        >>> import torch
        >>> encoder = LSTMTextEncoder(vocab_size=10, caption_dim=8, embedding_dim=4, layers=1)
        >>> encoding = encoder(torch.tensor([[1, 2, 3], [4, 5, 0]]))  # the second caption is padded
        >>> tuple(encoding.pooled.shape), encoding.tokens.mask.tolist()
        ((2, 8), [[True, True, True], [True, True, False]])
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
        if min(caption_dim, embedding_dim, layers) < 1:
            raise ValueError(
                f"text encoder: caption_dim {caption_dim}, embedding_dim {embedding_dim}, layers {layers}: "
                "expected at least 1 each"
            )
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

    def forward(self, tokens: Tensor) -> CaptionEncoding:
        """Encode (B, T) token ids, padded on the right.

        Raises:
            ValueError: tokens are not (B, T), or a row has no token at all.
        """
        mask = token_mask(tokens, self.pad_id)  # (B, T)
        # Some CPUs have no 16-bit LSTM kernel; it is too small a part for its precision to cost time.
        with autocast(tokens.device.type, enabled=False):
            return self._encode(tokens, mask)

    def _encode(self, tokens: Tensor, mask: Tensor) -> CaptionEncoding:
        if torch.compiler.is_exporting():
            states, pooled = self._unrolled(tokens, mask)
            return CaptionEncoding(self.join(pooled), Masked(self.join(states) * mask.unsqueeze(-1), mask))
        lengths = mask.sum(dim=1).cpu()  # (B,)
        packed = pack_padded_sequence(self.embed(tokens), lengths, batch_first=True, enforce_sorted=False)
        outputs, (last, _) = self.lstm(packed)  # last: (2 * layers, B, C)
        states, _ = pad_packed_sequence(outputs, batch_first=True, total_length=tokens.shape[1])  # (B, T, 2 C)
        pooled = self.join(cat([last[-2], last[-1]], dim=-1))  # (B, C)
        return CaptionEncoding(pooled, Masked(self.join(states) * mask.unsqueeze(-1), mask))

    def _unrolled(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """States (B, T, 2 C) and last states (B, 2 C) of both directions, token by token, for an exported graph.

        Where a token is padding, a state stays as it was: packed sequences without packing.
        """
        inputs = self.embed(tokens)  # (B, T, E)
        for layer in range(self.lstm.num_layers):
            ways = [self._direction(inputs, mask, f"_l{layer}{end}", bool(end)) for end in ("", "_reverse")]
            inputs = cat([states for states, _ in ways], dim=-1)  # (B, T, 2 C)
        return inputs, cat([last for _, last in ways], dim=-1)

    def _direction(self, inputs: Tensor, mask: Tensor, name: str, backwards: bool) -> tuple[Tensor, Tensor]:
        """States (B, T, C) and the last one (B, C) of one direction of a layer (Hochreiter & Schmidhuber 1997)."""
        weights = (getattr(self.lstm, f"{kind}{name}") for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        from_input, from_state, input_bias, state_bias = weights
        gates = nn.functional.linear(inputs, from_input, input_bias + state_bias)  # (B, T, 4 C)
        state = cell = inputs.new_zeros(inputs.shape[0], self.lstm.hidden_size)  # (B, C)
        order, states = range(inputs.shape[1]), {}
        for index in reversed(order) if backwards else order:
            step = gates[:, index] + nn.functional.linear(state, from_state)  # (B, 4 C)
            enter, forget, new, leave = step.chunk(4, dim=-1)
            there = mask[:, index, None]  # (B, 1)
            cell = torch.where(there, forget.sigmoid() * cell + enter.sigmoid() * new.tanh(), cell)
            state = torch.where(there, leave.sigmoid() * cell.tanh(), state)
            states[index] = state
        return torch.stack([states[index] for index in order], dim=1), state
