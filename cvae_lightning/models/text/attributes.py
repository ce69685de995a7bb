"""Captions to vectors by what they say: counts, sizes, colours, shapes and the relation, embedded one by one.

This is the guide's "condition on multiple attributes separately". What a learned encoder must find out, this one is
told, so it shows how much of a model's error is reading.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cvae_lightning.models.serialization import part
from cvae_lightning.models.text.lexicon import (
    GROUP_ROLES,
    GROUPS,
    MOST_THINGS,
    MOST_VALUES,
    NOTHING,
    Lexicon,
    for_each,
    named,
    or_all,
)
from cvae_lightning.models.text.lstm import Caption, TextEncoder, real_tokens


@part
class AttributesTextEncoder(TextEncoder):
    """One state for each *thing* that the caption names: the sum of its attributes' embeddings.

    Things of one group have equal states.

    Args:
        vocab_size: words of the tokenizer, special tokens included.
        caption_dim: C, size of the pooled embedding and of a thing's state.
        lexicon: see :class:`~cvae_lightning.models.text.lexicon.Lexicon`.
        pad_id: token id of padding.

    Raises:
        ValueError: the lexicon does not fit the tokenizer, or is none.
    """

    def __init__(
        self,
        vocab_size: int,
        caption_dim: int = 128,
        lexicon: Sequence[Sequence[int]] | None = None,
        pad_id: int = 0,
    ) -> None:
        super().__init__()
        self.caption_dim, self.pad_id, self.things = caption_dim, pad_id, GROUPS * MOST_THINGS
        self.lexicon = Lexicon(vocab_size, lexicon)
        self.attributes = nn.ModuleList([_embedding(caption_dim) for _ in GROUP_ROLES])
        self.link = _embedding(2 * caption_dim)
        self.state = nn.Sequential(nn.Linear(caption_dim, caption_dim), nn.SiLU(), nn.Linear(caption_dim, caption_dim))
        self.pool = nn.Linear(2 * caption_dim, caption_dim)

    def forward(self, tokens: Tensor) -> Caption:
        """Encode (B, T) token ids, padded on the right: states (B, 10, C), five places for each group's things.

        Raises:
            ValueError: tokens are not (B, T), or a row has no token at all.
        """
        real_tokens(tokens, self.pad_id)
        meaning = self.lexicon(tokens)
        groups = meaning.groups
        said = torch.stack([table(groups[..., k]) for k, table in enumerate(self.attributes)]).sum(dim=0)
        said = said + self.link(meaning.link).unflatten(-1, (GROUPS, -1))
        mask = named(meaning.counts)
        states = for_each(said + self.state(said), mask)
        exists = (groups[..., :1] > 0).to(said.dtype)
        return Caption(self.pool((said * exists).flatten(1)).float(), states, or_all(mask))


def _embedding(size: int) -> nn.Embedding:
    return nn.Embedding(MOST_VALUES, size, padding_idx=NOTHING)
