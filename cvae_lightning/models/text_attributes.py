"""Captions to vectors by what they say: counts, sizes, colours, shapes and the relation, embedded one by one.

This is the guide's "condition on multiple attributes separately". A lexicon says what each word of the tokenizer
stands for; words that stand for nothing (articles, "to", "the", "of") do not matter here. What a learned encoder
must find out, this one is told, so it shows how much of a model's error is reading.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cvae_lightning.models.blueprint import part
from cvae_lightning.models.text_encoder import Caption, TextEncoder, real_tokens

NOTHING, COUNT, SIZE, COLOUR, SHAPE, LINK = range(6)
"""Roles of a word in the lexicon; values count from 1 and 0 means unsaid."""
GROUP_ROLES = (COUNT, SIZE, COLOUR, SHAPE)
MOST_THINGS = 5
"""In one group."""
MOST_VALUES = 16
"""Room in each table of embeddings."""


@part
class AttributesTextEncoder(TextEncoder):
    """One state for each *thing* that the caption names: the sum of its attributes' embeddings.

    Args:
        vocab_size: words of the tokenizer, special tokens included.
        caption_dim: C, size of the pooled embedding and of a thing's state.
        lexicon: for each token id its [role, value], as :func:`cvae_lightning.data.lexicon` makes it of a
            tokenizer's words; None for one in which no word means anything.
        pad_id: token id of padding.

    Raises:
        ValueError: the lexicon does not have one row for each word, or a number outside the roles and values.
    """

    codes: Tensor

    def __init__(
        self,
        vocab_size: int,
        caption_dim: int = 128,
        lexicon: Sequence[Sequence[int]] | None = None,
        pad_id: int = 0,
    ) -> None:
        super().__init__()
        rows = [list(row) for row in lexicon] if lexicon is not None else [[NOTHING, 0]] * vocab_size
        if len(rows) != vocab_size:
            raise ValueError(f"the lexicon has {len(rows)} words, but the tokenizer has {vocab_size}: make them equal")
        if any(len(row) != 2 or not 0 <= row[0] <= LINK or not 0 <= row[1] < MOST_VALUES for row in rows):
            raise ValueError(f"the lexicon holds something else than [role 0 to {LINK}, value 0 to {MOST_VALUES - 1}]")
        self.caption_dim, self.pad_id, self.things = caption_dim, pad_id, 2 * MOST_THINGS
        self.register_buffer("codes", torch.tensor(rows), persistent=False)
        self.attributes = nn.ModuleList([_embedding(caption_dim) for _ in GROUP_ROLES])
        self.link, self.place = _embedding(2 * caption_dim), _embedding(2 * caption_dim)
        self.state = nn.Sequential(nn.Linear(caption_dim, caption_dim), nn.SiLU(), nn.Linear(caption_dim, caption_dim))
        self.pool = nn.Linear(2 * caption_dim, caption_dim)

    def forward(self, tokens: Tensor) -> Caption:
        """Encode (B, T) token ids, padded on the right: states (B, 10, C), five places for each group's things.

        Raises:
            ValueError: tokens are not (B, T), or a row has no token at all.
        """
        real_tokens(tokens, self.pad_id)
        groups, link = self.read(tokens)
        said = torch.stack([table(groups[..., k]) for k, table in enumerate(self.attributes)]).sum(dim=0)
        said = said + self.link(link).unflatten(-1, (2, -1))
        number = torch.arange(1, MOST_THINGS + 1, device=tokens.device)
        things = said.unsqueeze(2) + self.place(number).unflatten(-1, (2, -1)).transpose(0, 1)
        mask = (number <= groups[..., 0, None]).flatten(1)
        things = things.flatten(1, 2)
        states = (things + self.state(things)).float() * mask.unsqueeze(-1)
        exists = (groups[..., :1] > 0).to(said.dtype)
        pooled = self.pool((said * exists).flatten(1)).float()
        # A caption that names nothing still needs a state to look at.
        return Caption(pooled, states, mask | ~mask.any(dim=1, keepdim=True))

    def read(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Values of count, size, colour and shape of both groups (B, 2, 4) and of what links them (B,).

        0 stands for what the caption leaves out.
        """
        roles, values = self.codes[tokens].unbind(dim=-1)
        is_link = roles == LINK
        second = is_link.long().cumsum(dim=1) > 0
        groups = [
            torch.stack([torch.where((roles == role) & half, values, 0).amax(dim=1) for role in GROUP_ROLES], dim=1)
            for half in (~second, second)
        ]
        return torch.stack(groups, dim=1), torch.where(is_link, values, 0).amax(dim=1)


def _embedding(size: int) -> nn.Embedding:
    return nn.Embedding(MOST_VALUES, size, padding_idx=NOTHING)
